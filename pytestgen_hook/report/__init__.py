"""Turns a report into what is printed, one module a format; nothing here decides or does anything."""
