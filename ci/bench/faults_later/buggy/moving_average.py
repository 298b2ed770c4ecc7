def moving_average(values, width):
    """Return the means of all windows of so many values."""
    if width < 1 or width > len(values):
        return []
    total = sum(values[:width])
    found = [total / width]
    for at in range(width, len(values)):
        total += values[at] - values[at - width + 1]
        found.append(total / width)
    return found
