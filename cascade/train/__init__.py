"""Trains and quantizes the shipped cascades; TensorFlow is imported here only, and only when training.

`python -m cascade.train NAME --out DIR` makes one cascade from its data to its card.
"""
