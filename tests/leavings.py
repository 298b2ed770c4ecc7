"""Functions ``f(n)`` that leave something behind, with some of their mutants at least."""

SOURCES = {
    "nothing stays": """
def f(n):
    if n > 3:
        return n - 1
    return n * 2
""",
    "a list of the module": """
SEEN = []

def f(n):
    if n > 100:
        SEEN.append(n)
    return n + len(SEEN)
""",
    "a cache": """
import functools

@functools.lru_cache
def f(n):
    return n * 2 + 1
""",
    "a cache around a function": """
def kept(function):
    known = {}

    def get(n):
        if n not in known:
            known[n] = function(n)
        return known[n]

    return get

@kept
def f(n):
    return n * 2 + 1
""",
    "a helper that keeps what it was given": """
import functools

@functools.cache
def half(n):
    return f(n // 2)

def f(n):
    if n < 2:
        return 1
    return half(n) + n
""",
    "a default that is changed in place": """
def f(n, seen=[]):
    if n > 100:
        seen.append(n)
    return n + len(seen)
""",
    "the environment": """
import os

def f(n):
    if n > 100:
        os.environ["F"] = "1"
    return n + len(os.environ.get("F", ""))
""",
    "a loop without end": """
def f(n):
    k = 0
    while k < n:
        k += 1
    return k
""",
    "an end of the process": """
import os

def f(n):
    if n > 100:
        os._exit(1)
    return n + 1
""",
    "a lock that is not given back": """
import threading

LOCK = threading.Lock()

def f(n):
    if not LOCK.acquire(timeout=0.05):
        return -1
    if n < 100:
        LOCK.release()
    return n + 1
""",
    "an attribute of a class": """
class Last:
    n = 0

def f(n):
    if n > 100:
        Last.n = n
    return n + Last.n
""",
}
