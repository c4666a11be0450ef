"""Reading a page that comments are embedded in: what is right, what is wrong, how to mend it."""
