"""Puts the package on the path of its tests."""
