"""Diameter without I/O: RFC 6733 (base), RFC 8506 (credit control) and TS 32.299 (Gy).

Bytes in, values out, and the other way; sockets and clocks are the caller's. `peers` is one
connection's state table, `gy` the Credit-Control messages.
"""
