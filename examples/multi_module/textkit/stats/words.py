"""Counts words."""

from textkit.clean import squeeze


def count(text):
    """Return how often each word occurs, words in lower case."""
    counts = {}
    for word in squeeze(text).lower().split(" "):
        if word:
            counts[word] = counts.get(word, 0) + 1
    return counts


def most_common(text, number=3):
    """Return the most frequent words, ties in alphabetical order."""
    counts = count(text)
    return sorted(counts, key=lambda word: (-counts[word], word))[:number]
