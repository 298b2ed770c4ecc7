def sort_and_count(values):
    if len(values) < 2:
        return list(values), 0
    half = len(values) // 2
    left, in_left = sort_and_count(values[:half])
    right, in_right = sort_and_count(values[half:])
    merged, count = [], in_left + in_right
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
            count += 1
    return merged + left[i:] + right[j:], count
