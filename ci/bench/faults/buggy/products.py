def largest_product(values: list[int]) -> int:
    if not values:
        raise ValueError("no values")
    best = high = low = values[0]
    for value in values[1:]:
        high = max(value, high * value, low * value)
        low = min(value, high * value, low * value)
        best = max(best, high)
    return best
