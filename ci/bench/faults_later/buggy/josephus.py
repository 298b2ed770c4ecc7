def survivor(count, step):
    """Return which of so many in a circle is left, counted from 1, if every step-th goes."""
    people = list(range(1, count + 1))
    at = 0
    while len(people) > 1:
        at = (at + step) % len(people)
        people.pop(at)
    return people[0]
