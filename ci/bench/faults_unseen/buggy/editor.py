class Editor:
    def __init__(self):
        self.text = ""
        self.undone = []
        self.done = []

    def write(self, text):
        self.done.append(self.text)
        self.text += text

    def undo(self):
        if not self.done:
            return False
        self.undone.append(self.text)
        self.text = self.done.pop()
        return True

    def redo(self):
        if not self.undone:
            return False
        self.done.append(self.text)
        self.text = self.undone.pop()
        return True


def edited(commands):
    """Return the text after the commands: undo, redo, or anything else to write."""
    editor = Editor()
    for command in commands:
        if command == "undo":
            editor.undo()
        elif command == "redo":
            editor.redo()
        else:
            editor.write(command)
    return editor.text
