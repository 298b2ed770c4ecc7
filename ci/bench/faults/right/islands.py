def count_islands(grid: list[list[int]]) -> int:
    seen: set[tuple[int, int]] = set()

    def explore(row: int, column: int) -> None:
        if not (0 <= row < len(grid) and 0 <= column < len(grid[row])):
            return
        if (row, column) in seen or not grid[row][column]:
            return
        seen.add((row, column))
        for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            explore(row + down, column + right)

    islands = 0
    for row, cells in enumerate(grid):
        for column, cell in enumerate(cells):
            if cell and (row, column) not in seen:
                islands += 1
                explore(row, column)
    return islands
