class Trie:
    def __init__(self):
        self.children = {}
        self.is_word = False

    def insert(self, word):
        node = self
        for letter in word:
            node = node.children.setdefault(letter, Trie())
        node.is_word = True

    def completions(self, prefix):
        node = self
        for letter in prefix:
            if letter not in node.children:
                return []
            node = node.children[letter]
        found = []

        def collect(node, word):
            if node.is_word:
                found.append(word)
                return
            for letter in sorted(node.children):
                collect(node.children[letter], word + letter)

        collect(node, prefix)
        return found


def complete(words, prefix):
    trie = Trie()
    for word in words:
        trie.insert(word)
    return trie.completions(prefix)
