def flood(image: list[list[int]], row: int, column: int, colour: int) -> list[list[int]]:
    old = image[row][column]

    def fill(r: int, c: int) -> None:
        if 0 <= r < len(image) and 0 <= c < len(image[0]) and image[r][c] == old:
            image[r][c] = colour
            fill(r + 1, c)
            fill(r - 1, c)
            fill(r, c + 1)
            fill(r, c - 1)

    fill(row, column)
    return image
