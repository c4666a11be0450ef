"""The verbs of `gatepost` that have verbs of their own."""
