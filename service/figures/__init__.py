"""What is told in numbers: to owners, and to whoever watches over the service."""
