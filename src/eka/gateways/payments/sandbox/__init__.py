"""A server for each gateway that speaks its real wire format, with keys made at its first start.

`counter` is what they share: the page where a person pays, and the acts that a script can ask for.
What they have in common with other sandboxes is in `eka.gateways.sandbox`. The production adapters
talk to them unchanged: only address and keys differ.
"""
