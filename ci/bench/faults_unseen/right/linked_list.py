class Node:
    def __init__(self, value, following=None):
        self.value = value
        self.following = following


class LinkedList:
    def __init__(self, values=()):
        self.head = None
        for value in reversed(list(values)):
            self.head = Node(value, self.head)

    def __iter__(self):
        node = self.head
        while node is not None:
            yield node.value
            node = node.following

    def remove(self, value):
        removed = 0
        previous, node = None, self.head
        while node is not None:
            if node.value == value:
                removed += 1
                if previous is None:
                    self.head = node.following
                else:
                    previous.following = node.following
            else:
                previous = node
            node = node.following
        return removed


def without(values, value):
    chain = LinkedList(values)
    removed = chain.remove(value)
    return list(chain), removed
