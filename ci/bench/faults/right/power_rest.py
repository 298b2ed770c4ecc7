def power_rest(base, exponent, modulus):
    """Return base to the power of exponent, modulo modulus."""
    result = 1 % modulus
    base %= modulus
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result
