"""Alipay's server: gateway.do with signed JSON, the cashier's page, notices, refunds and the bill.

Written against Alipay's documentation and without the adapter's code, so that each checks the
other. `keys` are those of both sides, `trades` what is paid, `methods` the API, `bills` its zip,
`server` the HTTP around it.
"""

from eka.gateways.payments.sandbox.alipay.server import AlipaySandbox

__all__ = ["AlipaySandbox"]
