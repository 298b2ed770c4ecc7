def two_camps(enemies):
    side = {}
    for start in enemies:
        if start in side:
            continue
        side[start] = 0
        waiting = [start]
        while waiting:
            person = waiting.pop()
            for other in enemies[person]:
                if other not in side:
                    side[other] = 1 - side[person]
                    waiting.append(other)
                elif side[other] == side[person]:
                    return False
    return True
