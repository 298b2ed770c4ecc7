def flat(table, before=""):
    """Return {keys joined by points: value} of nested dictionaries."""
    found = {}
    for key, value in table.items():
        name = f"{before}.{key}" if before else key
        if isinstance(value, dict) and value:
            found.update(flat(value, key))
        else:
            found[name] = value
    return found
