def spans_with_sum(numbers, target):
    seen = {0: 1}
    total = 0
    count = 0
    for number in numbers:
        total += number
        count += seen.get(total - target, 0)
        seen[total] = seen.get(total, 0) + 1
    return count
