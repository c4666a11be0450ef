"""Doors of moderators: their pages, each behind a guard."""
