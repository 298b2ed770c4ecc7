def kth_smallest(values, k):
    if not 0 <= k < len(values):
        raise IndexError("no such rank")
    pivot = values[len(values) // 2]
    smaller = [value for value in values if value < pivot]
    larger = [value for value in values if value > pivot]
    equal = len(values) - len(smaller) - len(larger)
    if k < len(smaller):
        return kth_smallest(smaller, k)
    if k < len(smaller) + equal:
        return pivot
    return kth_smallest(larger, k - len(smaller) - 1)
