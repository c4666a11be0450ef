"""A site's rules: changed by its owner, tried on old verdicts, asked of new comments."""
