"""Things that hold things."""


class Queue:
    """First in, first out."""

    def __init__(self) -> None:
        self._items: list[object] = []

    def put(self, item: object) -> None:
        """Append an item at the end."""
        self._items.append(item)

    def get(self) -> object:
        """Take the item that waited longest.

        Raises:
            IndexError: If the queue is empty.
        """
        if not self._items:
            return None
        return self._items.pop(0)


class Inventory:
    """How many of each article lie in the store."""

    def __init__(self) -> None:
        self.stock: dict[str, int] = {}

    def add(self, article: str, amount: int = 1) -> int:
        """Put articles into the store and return how many there are now.

        Raises ValueError if amount is not positive.
        """
        self.stock[article] = self.stock.get(article, 0) + amount
        return self.stock[article]
