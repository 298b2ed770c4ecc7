def advance(values):
    """Put the values into their next order in place; after the last order comes the first, and False is returned."""
    place = len(values) - 2
    while place >= 0 and values[place] >= values[place + 1]:
        place -= 1
    if place < 0:
        values.reverse()
        return False
    other = len(values) - 1
    while values[other] <= values[place]:
        other -= 1
    values[place], values[other] = values[other], values[place]
    values[place + 1 :] = reversed(values[place + 1 :])
    return True
