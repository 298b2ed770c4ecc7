"""A small shop: dataclasses, methods that change their receiver, errors, floats."""

from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    price: float
    quantity: int = 1

    def total(self) -> float:
        """Price of all pieces."""
        if self.quantity < 0:
            raise ValueError(f"quantity must not be negative: {self.quantity}")
        return self.price * self.quantity


@dataclass
class Cart:
    items: list[Item] = field(default_factory=list)

    def add(self, item: Item) -> None:
        self.items.append(item)

    def total(self, discount: float = 0.0) -> float:
        if not 0 <= discount <= 0.5:
            raise ValueError("discount out of range")
        return sum(item.total() for item in self.items) * (1 - discount)
