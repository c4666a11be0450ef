"""Doors in: one file per audience. They read, call one deed, and answer."""
