"""Sealing of what must not be read in the database by itself: tokens of saved payment methods.

The key is derived from the installation's secret key; whoever changes that must seal anew.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class BrokenSeal(Exception):
    """A sealed text that this installation's key does not open."""


def _fernet() -> Fernet:
    key = hashlib.sha256(b"eka.ledger.seals:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str) -> str:
    """The text, readable only with this installation's key."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text that was sealed. Raises BrokenSeal."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise BrokenSeal("a seal was made with another key") from None


def digest(text: str) -> str:
    """A name of the text by which it is found again without being opened."""
    key = b"eka.ledger.seals.digest:" + settings.SECRET_KEY.encode()
    return hashlib.blake2b(
        text.encode(), key=hashlib.sha256(key).digest(), digest_size=16
    ).hexdigest()
