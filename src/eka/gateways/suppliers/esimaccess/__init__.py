"""eSIM Access (esimaccess.com), a wholesaler: profiles and the data on them, API /api/v1/open.

`channel` signs and sends, and says what a refusal means, `messages` is what the JSON means,
`finding` finds a profile, `notices` reads notifications. Source: the Partner API reference at
docs.esimaccess.com, version 1.6 with its updates of 2026-04.
"""

from eka.gateways.suppliers.esimaccess.settings import TOKEN_HEADER, EsimAccessSettings
from eka.gateways.suppliers.esimaccess.supplier import EsimAccessSupplier

__all__ = ["TOKEN_HEADER", "EsimAccessSettings", "EsimAccessSupplier"]
