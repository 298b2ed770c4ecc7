def splits_into(text, words):
    if not text:
        return True
    for word in words:
        if word and text.startswith(word):
            return splits_into(text[len(word) :], words)
    return False
