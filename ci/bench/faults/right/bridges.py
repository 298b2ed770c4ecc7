def bridges(links):
    order, low, found = {}, {}, []

    def visit(node, parent):
        order[node] = low[node] = len(order)
        for other in links[node]:
            if other == parent:
                continue
            if other in order:
                low[node] = min(low[node], order[other])
            else:
                visit(other, node)
                low[node] = min(low[node], low[other])
                if low[other] > order[node]:
                    found.append((node, other))

    for node in links:
        if node not in order:
            visit(node, None)
    return sorted(found)
