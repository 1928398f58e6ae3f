"""Online charging, the hot path: two doors (Diameter Gy, 5G Nchf) to one engine; no Django.

`requests` is what doors and engine say to each other, `engine` answers from the ledger.
"""
