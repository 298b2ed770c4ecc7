"""The local model: where its file comes from and lies, what it needs of the machine, and how it is asked."""
