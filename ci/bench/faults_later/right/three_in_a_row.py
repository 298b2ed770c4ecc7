def winner(board):
    """Return who has three in a row on a board of three rows, or None; empty cells are spaces."""
    lines = [*board]
    lines += ["".join(column) for column in zip(*board)]
    lines.append("".join(board[at][at] for at in range(3)))
    lines.append("".join(board[at][2 - at] for at in range(3)))
    for player in "XO":
        if player * 3 in lines:
            return player
    return None
