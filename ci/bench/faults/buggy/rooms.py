def rooms_needed(meetings):
    """Return how many rooms the meetings need; one that ends frees its room for one that starts then."""
    starts = sorted(start for start, _ in meetings)
    ends = sorted(end for _, end in meetings)
    most = ended = 0
    for begun, start in enumerate(starts, 1):
        while ended < len(ends) and ends[ended] < start:
            ended += 1
        most = max(most, begun - ended)
    return most
