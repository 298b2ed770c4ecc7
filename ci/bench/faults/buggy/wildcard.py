def fits(text, mask):
    """Match the whole text: ? is one character, * any number of them."""
    if not mask:
        return not text
    if mask[0] == "*":
        return bool(text) and (fits(text[1:], mask[1:]) or fits(text[1:], mask))
    if not text:
        return False
    return mask[0] in ("?", text[0]) and fits(text[1:], mask[1:])
