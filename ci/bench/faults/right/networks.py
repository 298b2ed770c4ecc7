class Networks:
    def __init__(self, size):
        self.parent = list(range(size))
        self.count = size

    def find(self, node):
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def join(self, first, second):
        a, b = self.find(first), self.find(second)
        if a == b:
            return False
        self.parent[a] = b
        self.count -= 1
        return True


def spare_cables(size, cables):
    networks = Networks(size)
    spare = sum(not networks.join(first, second) for first, second in cables)
    return spare, networks.count
