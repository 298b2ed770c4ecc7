def best_value(items, capacity):
    """Return the largest value of items, pairs of weight and value, that can be carried together."""

    def pack(index, room):
        if index == len(items):
            return 0
        weight, value = items[index]
        if weight > room:
            return pack(index + 1, room)
        return value + pack(index + 1, room - weight)

    return pack(0, capacity)
