def next_generation(cells):
    """Return the board of cells (1 alive, 0 dead) one step later."""
    height, width = len(cells), len(cells[0])
    board = cells[:]
    for r in range(height):
        for c in range(width):
            alive = sum(
                cells[y][x]
                for y in range(max(r - 1, 0), min(r + 2, height))
                for x in range(max(c - 1, 0), min(c + 2, width))
                if (y, x) != (r, c)
            )
            board[r][c] = 1 if alive == 3 or (alive == 2 and cells[r][c]) else 0
    return board
