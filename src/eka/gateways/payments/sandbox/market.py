"""All sandboxes of payment gateways together."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from eka.gateways.payments.sandbox.alipay import AlipaySandbox
from eka.gateways.payments.sandbox.counter import Sandbox
from eka.gateways.payments.sandbox.paypal import PayPalSandbox
from eka.gateways.payments.sandbox.stripe import StripeSandbox
from eka.gateways.payments.sandbox.wechat import WeChatSandbox
from eka.gateways.sandbox.courier import Courier
from eka.gateways.sandbox.records import Records

KINDS: tuple[tuple[str, type[Sandbox]], ...] = (
    ("stripe", StripeSandbox),
    ("paypal", PayPalSandbox),
    ("wechat", WeChatSandbox),
    ("alipay", AlipaySandbox),
)


def open_market(
    folder: Path | None, now: Callable[[], datetime], seed: int | None = None
) -> dict[str, Sandbox]:
    """A sandbox of each gateway, with what it knew before; without a folder all in memory."""
    return {name: _open(name, kind, folder, now, seed) for name, kind in KINDS}


def _open(
    name: str,
    kind: type[Sandbox],
    folder: Path | None,
    now: Callable[[], datetime],
    seed: int | None,
) -> Sandbox:
    records = Records(folder / f"{name}.sqlite" if folder else None)
    return kind(records, Courier(records, now, seed))
