from decimal import Decimal

from shop.orders.models import Line


def test_line_total():
    assert Line("pen", Decimal("1.50"), 2).total() == Decimal("3.00")
