def depth_sum(items, depth=1):
    """Add up nested numbers, each times how deep it lies."""
    total = 0
    for item in items:
        if isinstance(item, list):
            depth += 1
            total += depth_sum(item, depth)
        else:
            total += item * depth
    return total
