"""Sends notifications as an SM-DP+ does: over TLS in which it, too, shows a certificate."""

import ssl

import httpx

from eka.gateways.sandbox.courier import PATIENCE_S, Courier
from eka.gateways.suppliers.sandbox.smdp.keys import Keys

FORGED = "sandbox-forged"  # a letter that leaves without the certificate; this stays behind


class MutualCourier(Courier):
    """The post office of a sandbox that has a client certificate."""

    def __init__(self, courier: Courier, keys: Keys) -> None:
        super().__init__(courier.records, courier.now)
        self.mischief, self.chance = courier.mischief, courier.chance
        self._keys = keys

    async def deliver(self, client: httpx.AsyncClient, *, all_of_them: bool = False) -> int:
        """As any courier, but with a client of its own."""
        if not self.waiting():
            return 0
        two = _TwoFaces(self._context(named=True), self._context(named=False))
        async with httpx.AsyncClient(transport=two, timeout=PATIENCE_S) as own:
            return await super().deliver(own, all_of_them=all_of_them)

    def _context(self, *, named: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self._keys.pem["ca"])
        if named:
            folder = self._keys.folder
            context.load_cert_chain(folder / "notifier.pem", folder / "notifier_key.pem")
        return context


class _TwoFaces(httpx.AsyncBaseTransport):
    """With the certificate, or for a forgery without."""

    def __init__(self, named: ssl.SSLContext, nameless: ssl.SSLContext) -> None:
        self._named = httpx.AsyncHTTPTransport(verify=named)
        self._nameless = httpx.AsyncHTTPTransport(verify=nameless)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends it by one of the two ways."""
        if request.headers.pop(FORGED, ""):
            return await self._nameless.handle_async_request(request)
        return await self._named.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes both."""
        await self._named.aclose()
        await self._nameless.aclose()
