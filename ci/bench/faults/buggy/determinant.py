def determinant(matrix):
    if not matrix:
        return 1
    total = 0
    for column, value in enumerate(matrix[0]):
        minor = [row[:column] + row[column + 1 :] for row in matrix[1:]]
        total += -(1**column) * value * determinant(minor)
    return total
