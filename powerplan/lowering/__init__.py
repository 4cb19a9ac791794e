"""Scenario to Plan: what the file says becomes phase tables, and what chance decides becomes a world to draw."""
