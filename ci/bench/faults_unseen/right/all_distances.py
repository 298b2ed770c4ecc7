def all_distances(towns, roads):
    """Return the shortest distance for each pair of towns that are connected; roads are (from, to): length."""
    distance = {(town, town): 0 for town in towns}
    for (a, b), length in roads.items():
        if length < distance.get((a, b), float("inf")):
            distance[a, b] = length
    for middle in towns:
        for a in towns:
            for b in towns:
                if (a, middle) in distance and (middle, b) in distance:
                    through = distance[a, middle] + distance[middle, b]
                    if through < distance.get((a, b), float("inf")):
                        distance[a, b] = through
    return distance
