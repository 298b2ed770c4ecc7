def income_tax(income, brackets, top_percent):
    """Return the tax in whole units.

    The brackets are pairs of an upper limit and a percentage, lowest first;
    each percentage is for the part of the income inside its bracket only.
    """
    if income < 0:
        raise ValueError("the income must not be negative")
    hundredths = 0
    lower = 0
    for upper, percent in brackets:
        if income <= upper:
            hundredths += (income - lower) * percent
            return hundredths // 100
        hundredths += (upper - lower) * percent
        lower = upper
    hundredths += income * top_percent
    return hundredths // 100
