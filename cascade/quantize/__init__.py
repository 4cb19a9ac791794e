"""Variants of one model side by side: number formats, pruned, clustered, smaller; their sizes and their accuracy."""
