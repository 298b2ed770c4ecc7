def cull(readings: list[int], limit: int) -> int:
    if limit < 0:
        raise ValueError("the limit must not be negative")
    removed = 0
    for reading in list(readings):
        if reading > limit:
            readings.remove(reading)
            removed += 1
    return removed
