def numbers(release: str) -> list[int]:
    return [int(part) for part in release.removeprefix("v").split(".")]


def is_newer(one: str, other: str) -> bool:
    left, right = numbers(one), numbers(other)
    return left > right
