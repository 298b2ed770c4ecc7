class Node:
    def __init__(self, value, left=None, right=None):
        self.value = value
        self.left = left
        self.right = right


def height(node):
    return 0 if node is None else 1 + max(height(node.left), height(node.right))


def is_balanced(node):
    """Tell whether at no node one side is higher than the other by more than one."""
    if node is None:
        return True
    if abs(height(node.left) - height(node.right)) > 1:
        return False
    return is_balanced(node.left) and is_balanced(node.right)
