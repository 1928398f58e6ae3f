"""What a seller enters to be paid through Stripe, and whom Stripe's reports must name."""

from msgspec import Struct


class StripeSettings(Struct, frozen=True, kw_only=True):
    """`account` is the account's id, acct_...; `api_base` is "" but for a sandbox.

    `webhook_secret` may be several, separated by commas, while one takes the other's place.
    """

    secret_key: str
    webhook_secret: str
    account: str
    api_base: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The webhook secrets, one by one."""
        return tuple(one for part in self.webhook_secret.split(",") if (one := part.strip()))

    @property
    def live(self) -> bool:
        """Whether the key moves real money."""
        return self.secret_key.startswith(("sk_live_", "rk_live_"))

    @property
    def merchant(self) -> str:
        """Whom reports must name, such as acct_1A2b:live."""
        return self.named(live=self.live)

    def named(self, *, live: bool, account: str | None = None) -> str:
        """Whom an object of Stripe's names.

        Stripe writes the account only into the events of connected accounts; all else comes from
        the account whose key or webhook secret was used. What tells a test's money from real money
        is `livemode`, so it is part of the name.
        """
        return f"{account or self.account}:{'live' if live else 'test'}"

    def __repr__(self) -> str:
        return f"StripeSettings(account={self.account!r}, live={self.live})"
