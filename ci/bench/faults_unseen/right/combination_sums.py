def combinations_for(numbers, target):
    """Return the different ways to choose from the positive numbers, each once at most, what adds up to the target."""
    numbers = sorted(numbers)
    found = []

    def choose(start, rest, chosen):
        if rest == 0:
            found.append(chosen)
            return
        for index in range(start, len(numbers)):
            if index > start and numbers[index] == numbers[index - 1]:
                continue
            if numbers[index] > rest:
                break
            choose(index + 1, rest - numbers[index], chosen + [numbers[index]])

    choose(0, target, [])
    return found
