"""ES2+, between an operator and an SM-DP+: JSON in HTTPS, both sides with a certificate.

GSMA SGP.22, 5.3 (what is said), 6.1 to 6.3 (how it travels) and 6.5 (how it is written). Here are
no sockets: an ask becomes a path, headers and bytes, and an answer's bytes become a value.

- `messages`  the asks and answers, fields named as in the standard
- `codec`     bodies and headers, and what is wrong with those that are not right
- `codes`     subject and reason codes: why a function was not executed
- `points`    what a notification point tells of a profile
"""
