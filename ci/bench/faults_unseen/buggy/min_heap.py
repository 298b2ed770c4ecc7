class MinHeap:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)
        place = len(self.items) - 1
        while place > 0 and self.items[place] < self.items[(place - 1) // 2]:
            above = (place - 1) // 2
            self.items[place], self.items[above] = self.items[above], self.items[place]
            place = above

    def pop(self):
        if not self.items:
            raise IndexError("the heap is empty")
        top, last = self.items[0], self.items.pop()
        if not self.items:
            return top
        self.items[0] = last
        place, size = 0, len(self.items)
        while 2 * place + 1 < size:
            child = 2 * place + 1
            if child + 1 < size - 1 and self.items[child + 1] < self.items[child]:
                child += 1
            if self.items[place] <= self.items[child]:
                break
            self.items[place], self.items[child] = self.items[child], self.items[place]
            place = child
        return top


def heap_sorted(values):
    heap = MinHeap()
    for value in values:
        heap.push(value)
    return [heap.pop() for _ in values]
