"""What an operator agrees on with the one who runs the SM-DP+ (SGP.22, 6.4)."""

from urllib.parse import urlsplit

from msgspec import Struct

from eka.gateways.suppliers.terms import Package
from eka.rules.profiles import ProfileEvent
from eka.rules.units import parse_money
from eka.wire.es2plus.codec import PROTOCOL


class ProfileType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One type of profile that it keeps for us; `cost` such as 0.40 USD."""

    code: str
    cost: str
    title: str = ""
    countries: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    def package(self) -> Package:
        """The same as something that is sold: a profile, and no data. Raises BadValue."""
        return Package(
            code=self.code,
            title=self.title or self.code,
            data=0,
            days=0,
            cost=parse_money(self.cost),
            countries=self.countries,
            networks=self.networks,
        )


class Es2PlusSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who we are to the SM-DP+, and who it is to us.

    `address` is what stands before /gsma/rsp2/es2plus/; `smdp` is the host in activation codes
    where the SM-DP+ does not say one, by default that of the address. `requester` and `peer` are
    the function requester identifiers, ours and its; "" takes any. `certificate`, `private_key`
    and `ca` are files, or PEM text; `ca` "" is whom HTTPS trusts anyway. `release_apart`: confirm
    and release in two steps. `points`: its own notification points, such as {"101" = "enabled"}.
    """

    address: str
    requester: str
    certificate: str
    private_key: str
    ca: str = ""
    smdp: str = ""
    peer: str = ""
    protocol: str = PROTOCOL
    release_apart: bool = False
    points: dict[str, ProfileEvent] = {}
    profile_types: tuple[ProfileType, ...] = ()

    @property
    def host(self) -> str:
        """The host in activation codes."""
        return self.smdp or urlsplit(self.address).hostname or ""

    def __repr__(self) -> str:
        """Without the key: settings end up in tracebacks."""
        return f"Es2PlusSettings({self.requester!r} at {self.address!r})"
