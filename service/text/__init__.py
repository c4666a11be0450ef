"""What is made of a text alone, without a database: words, page keys, languages, the score."""
