def turned(matrix):
    """Return the matrix turned clockwise by a quarter."""
    return [list(row) for row in zip(*matrix)][::-1]
