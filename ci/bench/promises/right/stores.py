"""Things that hold things."""

from collections import OrderedDict


class Stack:
    """Last in, first out."""

    def __init__(self) -> None:
        self._items: list[object] = []

    def push(self, item: object) -> None:
        """Put an item on top. Returns nothing."""
        self._items.append(item)

    def pop(self) -> object:
        """Take the top item off and return it.

        Raises:
            IndexError: If the stack is empty.
        """
        if not self._items:
            raise IndexError("pop from an empty stack")
        return self._items.pop()


class Inventory:
    """How many of each article lie in the store."""

    def __init__(self) -> None:
        self.stock: dict[str, int] = {}

    def add(self, article: str, amount: int = 1) -> int:
        """Put articles into the store and return how many there are now.

        Raises ValueError if amount is not positive.
        """
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.stock[article] = self.stock.get(article, 0) + amount
        return self.stock[article]

    def take(self, article: str, amount: int = 1) -> int:
        """Take articles out of the store.

        Returns:
            How many were taken, which may be fewer than asked for: at most what was there.

        Raises:
            KeyError: The article was never in the store.
        """
        taken = min(max(0, amount), self.stock[article])
        self.stock[article] -= taken
        return taken


class RecentlyUsed:
    """Remembers the last few values that were asked for."""

    def __init__(self, size: int = 3) -> None:
        self.size = size
        self._kept: OrderedDict[str, str] = OrderedDict()

    def remember(self, key: str, value: str) -> str | None:
        """Store a value under a key.

        Returns the key that had to go to make room, or None if there was room enough.
        """
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self.size:
            return self._kept.popitem(last=False)[0]
        return None
