"""Finds the functions a change left untested, and writes pytest tests that earn their place."""

__version__ = "0.1.0"
