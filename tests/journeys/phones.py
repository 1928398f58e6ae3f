"""What people do on their phones, which the suppliers' sandboxes have for every eSIM they sold."""

import tomllib
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from eka.gateways.suppliers.sandbox.counter import Act


class Phones:
    """All phones. They look at no certificate: the SM-DP+'s is its own, and proves nothing."""

    def __init__(self, state: Path) -> None:
        self._http = httpx.Client(trust_env=False, verify=False)
        text = (state / "sandbox" / "suppliers.toml").read_text(encoding="utf-8")
        self._suppliers = [_origin(table) for table in tomllib.loads(text).values()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def act(self, iccid: str, act: Act) -> None:
        """Something happens to the eSIM of this ICCID on its phone, whoever sold it."""
        answers = [
            self._http.post(f"{address}/sandbox/profiles/{iccid}/{act}")
            for address in self._suppliers
        ]
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404]


def _origin(table: dict[str, str]) -> str:
    """Where a supplier's sandbox listens; Airalo's settings name a path of it."""
    address = urlsplit(table.get("address") or table["api_base"])
    return f"{address.scheme}://{address.netloc}"
