"""Gatepost: comments that wait for a person."""
