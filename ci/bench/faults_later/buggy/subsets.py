def subsets(items):
    """Return all subsets as lists, each in the order of the items."""
    found = []
    path = []

    def extend(at):
        if at == len(items):
            found.append(path)
            return
        extend(at + 1)
        path.append(items[at])
        extend(at + 1)
        path.pop()

    extend(0)
    return found
