def chunked_sums(numbers, size):
    """Return the sums of consecutive groups; the last group may be shorter."""
    sums = []
    total = 0
    for count, number in enumerate(numbers, 1):
        total += number
        if count % size == 0:
            sums.append(total)
            total = 0
    if len(numbers) % size:
        sums.append(total)
    return sums
