"""A house to look at: a stranger's blog, readers, sellers, and a moderator who has begun."""
