from datetime import date


def age_on(birthday: date, day: date) -> int:
    if day < birthday:
        raise ValueError("not born yet")
    years = day.year - birthday.year
    if day.month < birthday.month or day.day < birthday.day:
        years -= 1
    return years
