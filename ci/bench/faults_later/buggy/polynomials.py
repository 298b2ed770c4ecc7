def product(one, other):
    """Multiply polynomials, given as lists of coefficients from the constant up."""
    if not one or not other:
        return []
    found = [0] * (len(one) + len(other) - 1)
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            found[i + j] = a * b
    return found


def derivative(coefficients):
    """Return the derivative of a polynomial."""
    return [power * value for power, value in enumerate(coefficients)][1:]
