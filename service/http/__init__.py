"""Requests and answers as bytes: the front and its gate, the server, the one way out."""
