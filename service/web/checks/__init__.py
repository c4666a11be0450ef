"""Doors at which other programs have a comment checked, in their own words."""
