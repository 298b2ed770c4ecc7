from textkit.clean import squeeze


def test_squeeze():
    assert squeeze(" a \n b ") == "a b"
