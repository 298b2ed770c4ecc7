def fields_of(line):
    """Split a line at commas outside of quotes; two quotes inside quotes stand for one."""
    fields, field, quoted, index = [], "", False, 0
    while index < len(line):
        char = line[index]
        if quoted and char == '"' and line[index + 1 : index + 2] == '"':
            field += '"'
            index += 1
        elif char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            fields.append(field)
            field = ""
        else:
            field += char
        index += 1
    return [*fields, field]
