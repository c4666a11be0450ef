"""Moderators: their accounts, how they sign in, and their teams."""
