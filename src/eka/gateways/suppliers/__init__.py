"""Where profiles and wholesale data come from: our own SM-DP+ (ES2+), Airalo, eSIM Access.

`terms` is the one interface; each supplier has a folder that translates between it and its wire
format, and a sandbox that speaks that format.
"""
