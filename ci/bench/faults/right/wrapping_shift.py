def shifted(text: str, by: int) -> str:
    letters = []
    for letter in text:
        if "a" <= letter <= "z":
            letters.append(chr((ord(letter) - ord("a") + by) % 26 + ord("a")))
        elif "A" <= letter <= "Z":
            letters.append(chr((ord(letter) - ord("A") + by) % 26 + ord("A")))
        else:
            letters.append(letter)
    return "".join(letters)
