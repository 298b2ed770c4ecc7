def edit_distance(first, second):
    above = list(range(len(second) + 1))
    for row, a in enumerate(first, 1):
        current = [0]
        for column, b in enumerate(second, 1):
            change = above[column - 1] + (a != b)
            current.append(min(above[column] + 1, current[column - 1] + 1, change))
        above = current
    return above[-1]
