"""A capture that goes on, for people: a screen on a terminal, lines elsewhere."""
