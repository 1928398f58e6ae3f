"""What all sandboxes of the outside world have in common, whatever they sell.

`box` is a server that speaks a real wire format and answers to mischief, `courier` sends its
notifications, `records` keeps what it knows, `serving` runs several side by side.
"""
