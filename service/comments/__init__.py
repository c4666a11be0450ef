"""A comment's life: it comes in, is decided, answered, revised, taken back."""
