class Node:
    def __init__(self, key, left=None, right=None):
        self.key = key
        self.left = left
        self.right = right


def ancestor(root, one, other):
    """Return the key of the lowest node of a search tree that has both keys below it, or is one of them."""
    low, high = min(one, other), max(one, other)
    node = root
    while node is not None:
        if high <= node.key:
            node = node.left
        elif low > node.key:
            node = node.right
        else:
            return node.key
    return None
