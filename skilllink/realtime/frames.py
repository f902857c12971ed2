"""Which frames a browser may send. Apps register theirs in `ready()`."""
