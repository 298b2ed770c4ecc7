def encode(text):
    result = ""
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or text[index] != text[start]:
            result += str(index - start) + text[start]
            start = index
    return result


def decode(packed):
    result = ""
    count = ""
    for char in packed:
        if char.isdigit():
            count += char
        else:
            result += char * int(count)
            count = ""
    return result
