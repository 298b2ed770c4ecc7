import heapq


def widest_path(roads, start, goal):
    """Return the largest load that gets from start to goal; roads maps a town to its neighbours and their limits."""
    best = {start: float("inf")}
    queue = [(-best[start], start)]
    while queue:
        width, town = heapq.heappop(queue)
        if town == goal:
            return -width
        for neighbour, limit in roads.get(town, {}).items():
            passing = limit
            if passing > best.get(neighbour, 0):
                best[neighbour] = passing
                heapq.heappush(queue, (-passing, neighbour))
    return 0
