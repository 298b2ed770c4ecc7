def has_circle(needs):
    """Tell whether a module needs itself, directly or through others."""
    finished, open_now = set(), set()

    def visit(module):
        if module in open_now:
            return True
        if module in finished:
            return False
        open_now.add(module)
        if any(visit(other) for other in needs.get(module, ())):
            return True
        open_now.discard(module)
        finished.add(module)
        return False

    return any(visit(module) for module in needs)
