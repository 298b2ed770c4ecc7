CLOSING = {")": "(", "]": "[", "}": "{"}


def is_closed(text):
    """Tell whether all brackets of a text are closed, in the right order."""
    stack = []
    for character in text:
        if character in CLOSING.values():
            stack.append(character)
        elif character in CLOSING:
            if not stack or stack.pop() != CLOSING[character]:
                return False
    return not stack
