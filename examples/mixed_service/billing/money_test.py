from billing.money import split


def test_split_evenly():
    assert split(10, 2) == [5, 5]
