"""Numbers about text."""
