def borders(word):
    table = [0] * len(word)
    length = 0
    for index in range(1, len(word)):
        while length and word[index] != word[length]:
            length = table[length - 1]
        if word[index] == word[length]:
            length += 1
        table[index] = length
    return table
