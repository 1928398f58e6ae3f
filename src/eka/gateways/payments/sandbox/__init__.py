"""A server for each gateway that speaks its real wire format, with keys made at its first start.

`counter` is what they share: the page where a person pays, and the acts and the mischief that a
script can ask for. `courier` sends notifications, `records` keeps what the gateway knows, `serving`
runs them. The production adapters talk to them unchanged: only address and keys differ.
"""
