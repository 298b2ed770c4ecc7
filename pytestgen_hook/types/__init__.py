"""The values that the stages hand to one another; all frozen, none with behaviour beyond small properties.

Paths are strings relative to the top of the repository, with forward slashes. Line numbers start at 1.

A module for each topic: what a command does not name, it does not wait for.
"""
