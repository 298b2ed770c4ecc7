"""Functions on text without annotations, a generator and a coroutine."""


def slug(text, separator="-"):
    """Return the words of a title, joined.

    >>> slug("Hello Brave World")
    'hello-brave-world'
    """
    return separator.join(word for word in text.lower().split() if word.isalnum())


def is_palindrome(text):
    letters = [char.lower() for char in text if char.isalpha()]
    return letters == letters[::-1]


def count_words(text):
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


def windows(items, size):
    if size < 1:
        raise ValueError("size must be at least 1")
    for start in range(len(items) - size + 1):
        yield items[start : start + size]


async def shout(text: str) -> str:
    return text.upper() + "!"
