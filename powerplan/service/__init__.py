"""The planning service: the study functions behind HTTP, for people who do not open a terminal.

A door like `cli`: it reads a request, calls a function of `study` in a supervised process, and shows the answer.
"""
