def insertion_point(values, value):
    """Return the first place at which the value keeps a sorted list sorted."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low
