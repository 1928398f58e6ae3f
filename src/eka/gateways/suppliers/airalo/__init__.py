"""Airalo's Partner API v2: profiles and data of a wholesaler.

`api` carries requests, `messages` and `catalogue` say what its JSON means, `notices` reads what it
sends by itself, `signing` is its way to sign. Documentation: developers.partners.airalo.com.
"""

from eka.gateways.suppliers.airalo.settings import AiraloSettings
from eka.gateways.suppliers.airalo.supplier import AiraloSupplier

__all__ = ["AiraloSettings", "AiraloSupplier"]
