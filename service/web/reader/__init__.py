"""Doors of readers: to write, to read, to look after one's own."""
