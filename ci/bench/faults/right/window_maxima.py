from collections import deque


def window_maxima(values: list[int], width: int) -> list[int]:
    candidates: deque[int] = deque()
    result = []
    for index, value in enumerate(values):
        while candidates and values[candidates[-1]] <= value:
            candidates.pop()
        candidates.append(index)
        if candidates[0] <= index - width:
            candidates.popleft()
        if index >= width - 1:
            result.append(values[candidates[0]])
    return result
