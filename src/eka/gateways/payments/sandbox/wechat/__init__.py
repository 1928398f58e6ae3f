"""WeChat Pay v3, as a merchant sees it: orders, refunds, bills and notifications, all signed.

Where it differs from the real one: a code to scan is the http address of the page to pay on, as no
phone could open `weixin://` here; addresses of notifications need not be https; there are no limits
of frequency, no coupons, and merchants always have enough to give back.
"""

from eka.gateways.payments.sandbox.wechat.server import WeChatSandbox

__all__ = ["WeChatSandbox"]
