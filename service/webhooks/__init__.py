"""Endpoints, their secrets and signatures, and what was sent to them."""
