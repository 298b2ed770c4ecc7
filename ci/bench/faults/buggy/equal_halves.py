def can_be_halved(weights):
    """Tell whether the weights can be put into two heaps that weigh the same."""
    whole = sum(weights)
    if whole % 2:
        return False
    reachable = [True] + [False] * (whole // 2)
    for weight in weights:
        for load in range(weight, whole // 2 + 1):
            if reachable[load - weight]:
                reachable[load] = True
    return reachable[whole // 2]
