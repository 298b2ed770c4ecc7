def count_queens(size):
    def place(row, columns, falling, rising):
        if row == size:
            return 1
        ways = 0
        for column in range(size):
            if column in columns or row - column in falling or row + column in rising:
                continue
            ways += place(row + 1, columns | {column}, falling | {row - column}, rising | {row + column})
        return ways

    return place(0, frozenset(), frozenset(), frozenset())
