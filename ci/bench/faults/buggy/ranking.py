def ranked(entries):
    result = []
    for name, points in entries:
        place = len(result)
        while place > 0 and result[place - 1][1] <= points:
            place -= 1
        result.insert(place, (name, points))
    return [name for name, _ in result]
