"""A sandbox of Airalo's Partner API v2.

`shelf` is what it sells, `desk` takes orders, `profiles` are what these brought, `subscriptions`
who wants to hear of them. `server` is where requests come in, `throttle` counts them, and `wire` is
how Airalo writes.
"""

from eka.gateways.suppliers.sandbox.airalo.server import AiraloSandbox

__all__ = ["AiraloSandbox"]
