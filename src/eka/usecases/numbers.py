"""Numbers of orders and payments: short enough to read aloud, too many to guess or meet twice."""

import secrets

# No vowels, so that no words come about; no 0, 1, I, L, O, so that nothing is misread.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
LENGTH = 12  # 57 bits


def new_number(prefix: str) -> str:
    """A number of letters and digits."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
