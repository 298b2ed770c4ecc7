"""What is done with orders."""

from decimal import Decimal

from shop.orders.models import Order, Status

FREE_SHIPPING_FROM = Decimal("50")
SHIPPING = Decimal("4.90")


def total(order: Order) -> Decimal:
    """Return what the customer pays, shipping included."""
    goods = sum((line.total() for line in order.lines), Decimal(0))
    if not order.lines or goods >= FREE_SHIPPING_FROM:
        return goods
    return goods + SHIPPING


def pay(order: Order, amount: Decimal) -> Decimal:
    """Mark an order as paid and return the change."""
    due = total(order)
    if order.status is not Status.OPEN:
        raise ValueError("only open orders can be paid")
    if amount < due:
        raise ValueError(f"{due - amount} is missing")
    order.status = Status.PAID
    return amount - due


def ship(order: Order) -> str:
    """Send a paid order on its way and return the label."""
    if order.status is not Status.PAID:
        raise ValueError("only paid orders can be shipped")
    order.status = Status.SHIPPED
    return f"ORDER-{order.number:05d}"
