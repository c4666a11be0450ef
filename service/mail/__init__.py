"""What mails say, to whom they are due, and at which hour."""
