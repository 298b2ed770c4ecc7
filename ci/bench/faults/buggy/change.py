def fewest_coins(coins, amount):
    """Return the least number of coins that make the amount, or -1."""
    never = amount
    best = [0] + [never] * amount
    for part in range(1, amount + 1):
        for coin in coins:
            if coin <= part:
                best[part] = min(best[part], best[part - coin] + 1)
    return -1 if best[amount] == never else best[amount]
