"""eSIM Access, as a reseller sees it: packages, orders, profiles, top-ups and notifications.

Where it differs from the real one: requests have to be signed, where the real one also takes the
access code alone; an address for notifications is kept without trying it; there is no limit of
requests a second; plans by the day are listed, and cannot be ordered; SMS cannot be sent; the docs
say neither how old a timestamp may be (here five minutes) nor how often a notification is sent
again, nor that it is signed (here as our requests are).
"""

from eka.gateways.suppliers.sandbox.esimaccess.server import EsimAccessSandbox

__all__ = ["EsimAccessSandbox"]
