"""Makes text fit for counting."""

import re

_SPACES = re.compile(r"\s+")


def squeeze(text):
    """Return the text with every run of white space as one blank."""
    return _SPACES.sub(" ", text).strip()


def strip_tags(html):
    """Return the text of simple HTML."""
    return squeeze(re.sub(r"<[^>]*>", " ", html))
