from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Node:
    key: int
    left: Node | None = None
    right: Node | None = None


def is_search_tree(node: Node | None, low: float = float("-inf"), high: float = float("inf")) -> bool:
    if node is None:
        return True
    if not low < node.key < high:
        return False
    return is_search_tree(node.left, low, node.key) and is_search_tree(node.right, node.key, high)
