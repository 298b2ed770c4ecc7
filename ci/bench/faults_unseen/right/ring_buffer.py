class RingBuffer:
    """Keeps the newest values; a full buffer forgets its oldest one."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError("the capacity must be at least 1")
        self.slots: list = [None] * capacity
        self.start = 0
        self.size = 0

    def push(self, value: object) -> None:
        self.slots[(self.start + self.size) % len(self.slots)] = value
        if self.size < len(self.slots):
            self.size += 1
        else:
            self.start = (self.start + 1) % len(self.slots)

    def values(self) -> list:
        return [self.slots[(self.start + offset) % len(self.slots)] for offset in range(self.size)]


def newest(values: list, count: int) -> list:
    buffer = RingBuffer(count)
    for value in values:
        buffer.push(value)
    return buffer.values()
