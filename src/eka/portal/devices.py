"""Which ways to pay make sense where the reader sits: a desk, a phone, inside WeChat."""

import re
from typing import Literal

from django.http import HttpRequest

from eka.gateways.payments.terms import GatewayName, Way

Device = Literal["desk", "phone", "wechat"]

PHONE = re.compile(r"Mobi|Android|iPhone|iPad|HarmonyOS", re.IGNORECASE)
WECHAT = "MicroMessenger"

# A code is scanned by a phone from another screen; a phone opens the app itself. WeChat's own
# browser opens neither its payments for browsers nor anything of Alipay's.
SENSIBLE: dict[Device, dict[GatewayName, tuple[Way, ...]]] = {
    "desk": {
        "stripe": ("page",),
        "paypal": ("page",),
        "wechat": ("qr",),
        "alipay": ("qr", "page"),
    },
    "phone": {
        "stripe": ("page",),
        "paypal": ("page",),
        "wechat": ("phone",),
        "alipay": ("phone",),
    },
    "wechat": {"stripe": ("page",), "paypal": ("page",), "wechat": ("inside",), "alipay": ()},
}


def device_of(request: HttpRequest) -> Device:
    """What the reader holds, as its browser says."""
    agent = request.headers.get("User-Agent", "")
    if WECHAT in agent:
        return "wechat"
    return "phone" if PHONE.search(agent) else "desk"


def sensible(device: Device, name: GatewayName) -> tuple[Way, ...]:
    """The ways through a gateway that make sense on the device, the best first."""
    return SENSIBLE[device][name]
