"""Other programs' questions: is this spam, and was it?"""
