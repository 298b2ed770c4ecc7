"""Fetches pages: pure helpers that can be tested, and a function that needs the network and cannot."""

from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen


def build_url(base: str, path: str, query: dict[str, str] | None = None) -> str:
    """Return the address of a page.

    >>> build_url("https://example.org", "search", {"q": "tea"})
    'https://example.org/search?q=tea'
    """
    url = f"{base.rstrip('/')}/{path.lstrip('/')}"
    return f"{url}?{urlencode(query)}" if query else url


def is_secure(url: str) -> bool:
    """Whether an address is fetched over TLS."""
    return urlsplit(url).scheme == "https"


def retry_delay(attempt: int, base: float = 0.5, most: float = 30.0) -> float:
    """Return the seconds to wait before an attempt, doubling from the second on."""
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    return 0.0 if attempt == 1 else min(most, base * 2 ** (attempt - 2))


def parse_header(line: str) -> tuple[str, str]:
    """Return name and value of a header line."""
    name, separator, value = line.partition(":")
    if not separator:
        raise ValueError("a header needs a colon")
    return name.strip().lower(), value.strip()


def fetch(url: str, timeout: float = 10.0) -> bytes:
    """Return the body of a page."""
    with urlopen(url, timeout=timeout) as response:
        return response.read()
