def shifted(text, by):
    """Shift the letters of a text in the alphabet; all else stays."""
    found = []
    for letter in text:
        if letter.isascii() and letter.isalpha():
            first = ord("a") if letter.islower() else ord("A")
            found.append(chr((ord(letter) - first + by) % 26 + first))
        else:
            found.append(letter)
    return "".join(found)
