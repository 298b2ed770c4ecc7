"""One module per command; each returns values, and prints nothing."""
