"""Alipay: page (computer), wap (a phone's browser) and precreate (a QR code that a phone scans).

python-alipay-sdk makes and checks the signatures; the rest is done here. `texts` is how Alipay
writes money and time, `signing` what its library is trusted with, `desk` one signed call,
`notices` and `bills` what Alipay sends by itself and on request, `gateway` the whole.
"""

from eka.gateways.payments.alipay.gateway import AlipayGateway
from eka.gateways.payments.alipay.settings import AlipaySettings

__all__ = ["AlipayGateway", "AlipaySettings"]
