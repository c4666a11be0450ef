"""Doors out: what leaves the house after the commit."""
