def all_routes(flights: dict[str, list[str]], start: str, goal: str) -> list[list[str]]:
    routes: list[list[str]] = []
    path = [start]

    def travel(place: str) -> None:
        if place == goal:
            routes.append(list(path))
            return
        for following in flights.get(place, []):
            if following not in path:
                path.append(following)
                travel(following)
                path.pop()

    travel(start)
    return routes
