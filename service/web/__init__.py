"""Doors in: one room for each audience. They read, call one deed, and answer."""
