"""What Eka says to a supplier of profiles and hears from it, the same for all of them.

An adapter translates between these values and its supplier's wire format; it decides nothing. What
a refusal means for an order is decided by `eka.rules.supply`, what news means for a profile by
`eka.rules.profiles`. Data is in bytes, money in minor units, ICCIDs are 19 or 20 digits without
padding.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from eka.rules.profiles import ProfileEvent
from eka.rules.supply import Refusal
from eka.rules.units import Money

SupplierKind = Literal["es2plus", "airalo", "esimaccess"]


class SupplierError(Exception):
    """A supplier did not do what it was asked; the message holds no secret."""


class SupplierUnavailable(SupplierError):
    """No answer, or none that says anything: whether it was done is not known.

    Look first; where the supplier knows our number, the same request may be repeated. `wait_s` is
    how long the supplier asked us to wait (its rate limit), 0 where it did not say.
    """

    def __init__(self, message: str = "", wait_s: int = 0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class SupplierRefused(SupplierError):
    """The supplier said no, and nothing was done; `code` is its own word, `why` is ours."""

    def __init__(self, why: Refusal, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.why: Refusal = why
        self.code = code


class NotAuthentic(SupplierError):
    """A notification that does not come from the supplier, or not for us, or too long ago."""


class NoticeUnreadable(SupplierError):
    """An authentic notification whose content is not understood; it is kept for a person."""


class ProfileAsk(Struct, frozen=True, kw_only=True):
    """A profile to be ordered.

    `number` is ours, of letters and digits, 6 to 32 long, and never used for another order: it is
    the supplier's idempotency key where it has one, else it is written where `look` finds it.
    `package` is the supplier's name of what is bought. It must not cost more than `cost_max`, where
    that is given. `asked_at` is when it was first asked.
    """

    number: str
    package: str
    asked_at: datetime
    eid: str = ""
    cost_max: Money | None = None


class TopUpAsk(Struct, frozen=True, kw_only=True):
    """Wholesale data for a profile that is there; the fields as in `ProfileAsk`."""

    number: str
    package: str
    asked_at: datetime
    iccid: str
    profile: str = ""  # the supplier's own name of the profile
    cost_max: Money | None = None


class Delivered(Struct, frozen=True, kw_only=True):
    """A profile as it was delivered. `activation_code` (LPA:1$...) is a bearer secret.

    `reference` is the supplier's own name of the profile, "" where that is the ICCID.
    """

    iccid: str
    activation_code: str
    confirmation_code: str = ""
    apn: str = ""
    eid: str = ""
    reference: str = ""
    msisdn: str = ""
    imsi: str = ""

    def __repr__(self) -> str:
        """Without the secrets, so that no log has them by accident."""
        return f"Delivered({self.iccid!r}, ...)"


class Supplied(Struct, frozen=True, kw_only=True):
    """How an order stands at the supplier.

    pending: it was taken, look again. unknown: the supplier never heard of it. `reference` is its
    own number of the order, to be kept and handed to `look`. A top-up that is ready brings no
    profile.
    """

    number: str
    status: Literal["pending", "ready", "refused", "unknown"]
    reference: str = ""
    profile: Delivered | None = None
    cost: Money | None = None
    why: Refusal = "other"  # where refused
    code: str = ""  # the supplier's own word for it


class Held(Struct, frozen=True, kw_only=True):
    """A profile that we have, as its supplier knows it.

    To give it back, an SM-DP+ wants to hear its EID and the MatchingID of its activation code, a
    bearer secret, where it has them.
    """

    iccid: str
    reference: str = ""
    package: str = ""
    eid: str = ""
    activation_code: str = ""

    def __repr__(self) -> str:
        """Without the secret, so that no log has it by accident."""
        return f"Held({self.iccid!r}, ...)"


class Progress(Struct, frozen=True, kw_only=True):
    """What happened to a profile, or how it stands now. `at` None: the supplier does not say.

    `failed` with an event tells that this step was tried and went wrong.
    """

    iccid: str
    event: ProfileEvent
    at: datetime | None = None
    eid: str = ""
    failed: str = ""  # the supplier's own word for what went wrong


class UsageReport(Struct, frozen=True, kw_only=True):
    """A supplier's running totals of a profile, in bytes; None: it does not say.

    `total` is all that was ever bought for it and `used` all that was ever used of that. A report
    without a time of its own has None in `at`.
    """

    iccid: str
    status: Literal["not_active", "active", "finished", "expired", "suspended", "unknown"]
    total: int | None = None
    used: int | None = None
    at: datetime | None = None
    expires_at: datetime | None = None


class Package(Struct, frozen=True, kw_only=True):
    """Something that the supplier sells. `data` None is unlimited; `stock` None: any number.

    `networks` are names, such as "Vodafone 5G"; `top_up_of` is the package that it adds to, for
    those that are sold only on top.
    """

    code: str
    title: str
    data: int | None
    days: int
    cost: Money
    countries: tuple[str, ...] = ()  # ISO 3166-1 alpha-2
    networks: tuple[str, ...] = ()
    stock: int | None = None
    top_up_of: str = ""


class Notice(Struct, frozen=True, kw_only=True):
    """An authentic notification. `event` is its number: the same is sent again.

    At most one of the others is there; none is a kind of news that Eka does nothing with. Usage and
    orders in a notification are hints: what is believed is what `usage` and `look` answer.
    """

    event: str
    kind: str  # the supplier's own word, for people
    progress: Progress | None = None
    usage: str = ""  # the ICCID whose usage is worth asking for
    order: str = ""  # our number, or the supplier's reference, of an order worth a look
    supplied: Supplied | None = None  # where the notification itself is the only way to learn it


class Reply(Struct, frozen=True, kw_only=True):
    """What the supplier wants to read in answer to a notification."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"


class Supplier(Protocol):
    """A supplier. All but `read_notice` talk to it, raising SupplierUnavailable or SupplierRefused.

    `order` and `top_up` may be repeated only where `remembers`; elsewhere `look` comes first.
    """

    @property
    def name(self) -> str:
        """What the suppliers file calls it."""

    @property
    def kind(self) -> SupplierKind:
        """Which protocol it speaks."""

    @property
    def remembers(self) -> bool:
        """Whether the same number again gives the first result, and never a second profile."""

    @property
    def sells_data(self) -> bool:
        """Whether data is bought from it too (a wholesaler); else our own core meters."""

    @property
    def meters(self) -> bool:
        """Whether it reports usage."""

    @property
    def usage_per_minute(self) -> int:
        """How many questions about usage a minute it bears."""

    def order(self, ask: ProfileAsk) -> Supplied:
        """Orders a profile. `pending` with a reference is to be written down before going on."""

    def look(self, ask: ProfileAsk, reference: str) -> Supplied:
        """How the order stands; a step that is still to be done for it is done now."""

    def top_up(self, ask: TopUpAsk) -> Supplied:
        """Orders data. Only where `sells_data`."""

    def look_top_up(self, ask: TopUpAsk, reference: str) -> Supplied:
        """How the order of data stands. Only where `sells_data`."""

    def cancel(self, profile: Held) -> None:
        """Gives back a profile that nobody downloaded; nothing where that has been done."""

    def progress(self, profile: Held) -> Progress | None:
        """How far the profile is; None where the supplier cannot say."""

    def usage(self, profiles: Sequence[Held]) -> list[UsageReport]:
        """The running totals. Only where `meters`; as few questions as it can do with."""

    def packages(self) -> list[Package]:
        """All that it sells (every page of the list)."""

    def balance(self) -> Money | None:
        """Our prepaid credit with it; None where there is none."""

    def subscribe(self, address: str) -> None:
        """Has its notifications sent there; nothing where that is agreed on otherwise.

        The address has to be answering already. A secret part that it needs is added here.
        """

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """The content of an authentic notification; `headers` have lower-case names.

        Raises NotAuthentic, NoticeUnreadable.
        """

    def reply(self, accepted: bool) -> Reply:
        """The answer to a notification; not accepted: the supplier shall send it again."""
