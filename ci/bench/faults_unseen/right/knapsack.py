def best_value(items, capacity):
    """Return the largest value of items, pairs of weight and value, that can be carried together."""

    def pack(index, room):
        if index == len(items):
            return 0
        weight, value = items[index]
        without = pack(index + 1, room)
        if weight > room:
            return without
        return max(without, value + pack(index + 1, room - weight))

    return pack(0, capacity)
