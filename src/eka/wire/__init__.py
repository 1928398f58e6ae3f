"""Protocols without I/O: bytes in, events out; sockets and clocks are the caller's."""
