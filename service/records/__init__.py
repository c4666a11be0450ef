"""What is written in the transaction of its cause: events, audit log, lists."""
