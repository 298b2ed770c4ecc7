def three_way(values, pivot):
    """Reorder the values in place: smaller ones, equal ones, larger ones."""
    low, here, high = 0, 0, len(values) - 1
    while here <= high:
        if values[here] < pivot:
            values[low], values[here] = values[here], values[low]
            low += 1
            here += 1
        elif values[here] > pivot:
            values[here], values[high] = values[high], values[here]
            high -= 1
            here += 1
        else:
            here += 1
    return low, high + 1
