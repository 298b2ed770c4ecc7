"""Orders and their prices."""
