def ways_up(height, strides, known={}):
    if height <= 0:
        return 1 if height == 0 else 0
    if height not in known:
        known[height] = sum(ways_up(height - stride, strides, known) for stride in strides)
    return known[height]
