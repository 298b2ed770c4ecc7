def is_card_number(text):
    """Check the last digit of a card number: from the right, every second digit is doubled."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) < 2 or not digits.isdecimal():
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        if place % 2 == 1:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return total % 10 == 0
