def is_valid(board):
    """Tell whether no digit of a 9 by 9 board is twice in a row, column or block; 0 is an empty cell."""
    rows = [set() for _ in range(9)]
    columns = [set() for _ in range(9)]
    blocks = [set() for _ in range(9)]
    for row in range(9):
        for column in range(9):
            digit = board[row][column]
            if digit == 0:
                continue
            block = row // 3 * 3 + column // 3
            for group in (rows[row], columns[column], blocks[block]):
                if digit in group:
                    return False
                group.add(digit)
    return True
