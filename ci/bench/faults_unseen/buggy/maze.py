from collections import deque


def fewest_steps(maze, start, goal):
    distance = {start: 0}
    waiting = deque([start])
    while waiting:
        place = waiting.pop()
        if place == goal:
            return distance[place]
        row, column = place
        for following in ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)):
            r, c = following
            if not (0 <= r < len(maze) and 0 <= c < len(maze[r])):
                continue
            if maze[r][c] != "#" and following not in distance:
                distance[following] = distance[place] + 1
                waiting.append(following)
    return -1
