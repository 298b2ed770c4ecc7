def follows_pattern(pattern: str, sentence: str) -> bool:
    words = sentence.split()
    if len(words) != len(pattern):
        return False
    meaning: dict[str, str] = {}
    used: dict[str, str] = {}
    for letter, word in zip(pattern, words):
        if meaning.setdefault(letter, word) != word:
            return False
        if used.setdefault(word, letter) != letter:
            return False
    return True
