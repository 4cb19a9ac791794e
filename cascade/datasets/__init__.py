"""Data that the shipped cascades are trained and judged on: read, or synthesized, never downloaded."""
