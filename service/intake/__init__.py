"""What a comment meets before it is taken in: origin, ticket, turn, signals."""
