"""What an order is made of."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum


class Status(Enum):
    """Where an order is on its way."""

    OPEN = "open"
    PAID = "paid"
    SHIPPED = "shipped"


@dataclass(frozen=True)
class Line:
    """Some pieces of one article."""

    article: str
    price: Decimal
    pieces: int = 1

    def total(self) -> Decimal:
        """Return the price of all pieces."""
        return self.price * self.pieces


@dataclass
class Order:
    """Lines that are paid and shipped together."""

    number: int
    lines: list[Line] = field(default_factory=list)
    status: Status = Status.OPEN

    def add(self, line: Line) -> None:
        """Add a line to an order that is still open."""
        if self.status is not Status.OPEN:
            raise ValueError(f"order {self.number} is {self.status.value}")
        self.lines.append(line)
