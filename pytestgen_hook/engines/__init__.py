"""Sources of calls: each takes functions and gives back what it observed of them."""
