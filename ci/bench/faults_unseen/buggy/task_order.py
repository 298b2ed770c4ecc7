import heapq


def task_order(needs):
    """Return an order in which each task follows the ones it needs; of those that are ready, the smallest is first."""
    tasks = set(needs).union(*needs.values())
    missing = {task: len(set(needs.get(task, ()))) for task in tasks}
    followers = {task: [] for task in tasks}
    for task, needed in needs.items():
        for other in set(needed):
            followers[other].append(task)
    ready = [task for task in tasks if missing[task] == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        task = heapq.heappop(ready)
        order.append(task)
        for follower in followers[task]:
            missing[follower] -= 1
            if missing[follower] == 0:
                heapq.heappush(ready, follower)
    return order
