def days_in_month(year, month):
    """Return the number of days of a month in the Gregorian calendar."""
    if not 1 <= month <= 12:
        raise ValueError("month must be in 1..12")
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31
