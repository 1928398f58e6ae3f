"""How each family of devices installs an eSIM: what to tap, in the words of its own menus."""

import re
from collections.abc import Sequence

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from msgspec import Struct


class Family(Struct, frozen=True):
    """A family as the page shows it; `steps` are sentences. `fits`: the reader holds one."""

    code: str
    name: str
    steps: list[str]
    fits: bool


class _Guide(Struct, frozen=True):
    code: str
    name: str
    agent: str  # what its browsers call themselves, as a pattern
    steps: tuple[str, ...]


# The order matters: the first whose pattern fits is the reader's own.
GUIDES = (
    _Guide(
        "iphone",
        gettext_noop("iPhone"),
        r"iPhone",
        (
            gettext_noop(
                "With iOS 17.4 or later: open this page on the iPhone and tap “Install on this "
                "iPhone”. There is nothing to type."
            ),
            gettext_noop(
                "Otherwise: Settings › Cellular (or Mobile Service) › Add eSIM › Use QR Code, and "
                "scan the code from another screen; or Enter Details Manually."
            ),
            gettext_noop(
                "Give it a name such as “Travel”, and keep your own number as the default line for "
                "calls."
            ),
            gettext_noop(
                "Settings › Cellular › Cellular Data: choose this eSIM. Then open it in the list "
                "and switch Data Roaming on."
            ),
        ),
    ),
    _Guide(
        "ipad",
        gettext_noop("iPad"),
        r"iPad",
        (
            gettext_noop("Settings › Cellular Data (or Mobile Data) › Add eSIM."),
            gettext_noop("Use QR Code and scan it from another screen; or Enter Details Manually."),
            gettext_noop("In the same menu, choose this eSIM for data and switch Data Roaming on."),
        ),
    ),
    _Guide(
        "pixel",
        gettext_noop("Google Pixel"),
        r"Pixel",
        (
            gettext_noop("Settings › Network & internet › SIMs › Add SIM › Set up an eSIM."),
            gettext_noop(
                "Scan the code from another screen; or tap Need help? › Enter it manually."
            ),
            gettext_noop(
                "Open the eSIM under SIMs, and switch on Use SIM, Mobile data and Roaming."
            ),
        ),
    ),
    _Guide(
        "samsung",
        gettext_noop("Samsung Galaxy"),
        r"SAMSUNG|SM-[A-Z]\d",
        (
            gettext_noop("Settings › Connections › SIM manager › Add eSIM."),
            gettext_noop("Scan QR code, from another screen; or tap Enter activation code."),
            gettext_noop("In the SIM manager, switch the eSIM on and choose it for Mobile data."),
            gettext_noop("Settings › Connections › Mobile networks: switch Data roaming on."),
        ),
    ),
    _Guide(
        "xiaomi",
        gettext_noop("Xiaomi, Redmi, POCO"),
        r"Xiaomi|Redmi|POCO|MiuiBrowser",
        (
            gettext_noop(
                "Settings › Mobile networks (or SIM cards & mobile networks) › Manage eSIM."
            ),
            gettext_noop("Add eSIM, then scan the code from another screen or enter it by hand."),
            gettext_noop(
                "Choose the eSIM for mobile data, and switch on Data roaming in its settings."
            ),
        ),
    ),
    _Guide(
        "huawei",
        gettext_noop("Huawei, HONOR"),
        r"Huawei|HONOR|HarmonyOS",
        (
            gettext_noop("Settings › Mobile network › SIM management › eSIM (or Add eSIM)."),
            gettext_noop("Scan the code from another screen, or choose to enter it by hand."),
            gettext_noop(
                "Settings › Mobile network › Mobile data: choose the eSIM, switch on Data roaming."
            ),
        ),
    ),
    _Guide(
        "oppo",
        gettext_noop("OPPO, OnePlus, vivo"),
        r"OPPO|OnePlus|vivo|CPH\d|realme",
        (
            gettext_noop(
                "Settings › Mobile network (or SIM card & mobile data) › the SIM slot that says "
                "eSIM › Add eSIM."
            ),
            gettext_noop("Scan the code from another screen, or choose to enter it by hand."),
            gettext_noop(
                "In the same menu, choose the eSIM for mobile data and switch on Data roaming."
            ),
        ),
    ),
    _Guide(
        "android",
        gettext_noop("Other Android phones and tablets"),
        r"Android",
        (
            gettext_noop("Open Settings and search for “eSIM”."),
            gettext_noop("Add an eSIM: scan the code from another screen, or enter it by hand."),
            gettext_noop("Choose the eSIM for mobile data and switch on data roaming for it."),
        ),
    ),
    _Guide(
        "watch",
        gettext_noop("Watches"),
        r"$^",
        (
            gettext_noop(
                "Apple Watch takes only plans of the carrier of its iPhone, in the Watch app: this "
                "eSIM cannot be installed on it."
            ),
            gettext_noop(
                "Galaxy Watch: Galaxy Wearable app › Watch settings › Mobile plans › Scan QR code. "
                "It works only if the watch is not locked to a carrier."
            ),
            gettext_noop(
                "Simpler, and it always works: install it on the phone. The watch uses the phone’s "
                "data."
            ),
        ),
    ),
    _Guide(
        "windows",
        gettext_noop("Windows laptops"),
        r"Windows",
        (
            gettext_noop("Settings › Network & internet › Cellular › eSIM profiles › Add profile."),
            gettext_noop(
                "Choose to enter an activation code, and paste the activation code from above."
            ),
            gettext_noop("Use the profile, then under Cellular allow roaming."),
        ),
    ),
)


def families(request: HttpRequest) -> Sequence[Family]:
    """All families; on a phone or tablet the reader's own comes first."""
    agent = request.headers.get("User-Agent", "")
    own = next((one for one in GUIDES if re.search(one.agent, agent, re.IGNORECASE)), None)
    if own is not None and own.code == "windows":  # one who sits there installs it elsewhere
        own = None
    ordered = sorted(GUIDES, key=lambda one: one is not own)
    return [
        Family(one.code, _(one.name), [_(step) for step in one.steps], one is own)
        for one in ordered
    ]
