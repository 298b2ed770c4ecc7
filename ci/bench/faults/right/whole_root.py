def whole_root(value: int, degree: int) -> int:
    if value < 0 or degree < 1:
        raise ValueError("needs a value of at least 0 and a degree of at least 1")
    low, high = 0, value + 1
    while high - low > 1:
        middle = (low + high) // 2
        if middle**degree <= value:
            low = middle
        else:
            high = middle
    return low
