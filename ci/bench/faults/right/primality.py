def is_prime(number):
    if number < 4:
        return number > 1
    if number % 2 == 0 or number % 3 == 0:
        return False
    step = 5
    while step * step <= number:
        if number % step == 0 or number % (step + 2) == 0:
            return False
        step += 6
    return True
