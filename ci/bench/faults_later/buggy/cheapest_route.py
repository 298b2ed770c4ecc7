import heapq


def cheapest(roads, start, goal):
    """Return the least cost from start to goal, None if there is no way; roads are {place: {place: cost}}."""
    waiting = [(0, start)]
    done = set()
    while waiting:
        cost, place = heapq.heappop(waiting)
        if place == goal:
            return cost
        if place in done:
            continue
        done.add(place)
        for following, price in roads.get(place, {}).items():
            if following not in done:
                done.add(following)
                heapq.heappush(waiting, (cost + price, following))
    return None
