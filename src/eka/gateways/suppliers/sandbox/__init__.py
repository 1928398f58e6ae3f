"""A server for each supplier that speaks its real wire format, with keys made at its first start.

`counter` is what they share: the phone into which a profile is put, and the trouble that a script
can ask for. What they have in common with other sandboxes is in `eka.gateways.sandbox`.
"""
