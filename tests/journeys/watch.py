"""What must not happen while somebody reads our pages."""

from playwright.sync_api import ConsoleMessage, Page, Request


class Watch:
    """Collects errors of the console (broken policies among them) and requests to other hosts."""

    def __init__(self) -> None:
        self.trouble: list[str] = []

    def over(self, page: Page, shop: str) -> None:
        """Watches a page of the shop from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.trouble.append(f"script: {error}"))
        page.on("request", lambda request: self._request(request, shop))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.trouble.append(f"console: {message.text}")

    def _request(self, request: Request, shop: str) -> None:
        if not request.url.startswith((shop, "data:")):
            self.trouble.append(f"request to another host: {request.url}")
