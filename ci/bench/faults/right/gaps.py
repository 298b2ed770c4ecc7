def free_times(busy, opening, closing):
    free = []
    cursor = opening
    for start, end in sorted(busy):
        if start > cursor:
            free.append((cursor, min(start, closing)))
        cursor = max(cursor, end)
        if cursor >= closing:
            return free
    free.append((cursor, closing))
    return free
