SMALL = {"a", "an", "and", "of", "the", "in"}


def title(text):
    """Capitalize the words of a title, but small ones only at its start."""
    words = text.lower().split()
    return " ".join(word if at and word in SMALL else word.capitalize() for at, word in enumerate(words))
