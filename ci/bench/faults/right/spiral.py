def spiral(matrix: list[list[int]]) -> list[int]:
    result: list[int] = []
    top, bottom, left, right = 0, len(matrix), 0, len(matrix[0]) if matrix else 0
    while top < bottom and left < right:
        result += matrix[top][left:right]
        top += 1
        result += [matrix[row][right - 1] for row in range(top, bottom)]
        right -= 1
        if top < bottom:
            result += [matrix[bottom - 1][column] for column in reversed(range(left, right))]
            bottom -= 1
        if left < right:
            result += [matrix[row][left] for row in reversed(range(top, bottom))]
            left += 1
    return result
