"""Who we are to our peers, and which messages are for us."""

from msgspec import Struct
from msgspec.structs import force_setattr

from eka.wire.diameter import writing
from eka.wire.diameter.dictionary import ORIGIN_HOST, ORIGIN_REALM
from eka.wire.diameter.results import (
    LOOP_DETECTED,
    REALM_NOT_SERVED,
    UNABLE_TO_DELIVER,
    DiameterError,
)


class Node(Struct, frozen=True, kw_only=True):
    """Our Diameter identity. `state_id` grows with each start (Origin-State-Id, RFC 6733, 8.16).

    `realms` are served besides our own: gateways of several brands name several. `any_host` and
    `any_realm`: so is every other, where nobody said what ours is called.
    """

    host: str
    realm: str
    realms: frozenset[str] = frozenset()
    any_host: bool = False
    any_realm: bool = False
    state_id: int = 0
    origin: bytes = b""  # Origin-Host and Origin-Realm, as every message of ours has them

    def __post_init__(self) -> None:
        origin = writing.utf8(ORIGIN_HOST, self.host) + writing.utf8(ORIGIN_REALM, self.realm)
        force_setattr(self, "origin", origin)

    def is_me(self, host: str) -> bool:
        """Whether a DiameterIdentity is ours; letters' case does not count (RFC 6733, 4.3.1)."""
        return host == self.host or host.lower() == self.host.lower()

    def serves(self, realm: str) -> bool:
        """Whether requests to this realm are for us."""
        if self.any_realm or realm == self.realm:
            return True
        return realm.lower() in {self.realm.lower(), *(other.lower() for other in self.realms)}


def check_destination(node: Node, host: str | None, realm: str | None, route: list[str]) -> None:
    """Refuses a request that is not for us. One that names no destination is (RFC 6733, 6.1.4).

    Errors: LOOP_DETECTED, REALM_NOT_SERVED, UNABLE_TO_DELIVER.
    """
    if any(node.is_me(relay) for relay in route):
        raise DiameterError(LOOP_DETECTED, "the request has been here before")
    if realm and not node.serves(realm):
        raise DiameterError(REALM_NOT_SERVED, "Destination-Realm is not ours")
    if host and not node.any_host and not node.is_me(host):
        raise DiameterError(UNABLE_TO_DELIVER, "Destination-Host is not ours")
