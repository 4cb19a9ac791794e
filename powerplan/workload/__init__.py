"""Draws the World. The only place in the program where chance is."""
