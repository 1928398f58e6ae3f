"""Nchf_ConvergedCharging of the 5G charging function (TS 32.290, TS 32.291 Release 16), no I/O.

`types` are its JSON objects, `routing` makes an invocation or a ready problem of one HTTP request,
`identity` names sessions and tells requests apart, `problems` are the answers that refuse.
"""
