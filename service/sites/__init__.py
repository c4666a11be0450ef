"""A site and its pages, as its owner changes them."""
