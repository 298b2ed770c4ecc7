def ordinal(number: int) -> str:
    if number < 0:
        raise ValueError("the number must not be negative")
    if 11 <= number <= 13:
        ending = "th"
    else:
        ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
