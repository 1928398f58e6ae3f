"""The door to the API: keys, versions, forms, and requests that are repeated."""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eka.gateways.payments.sandbox.stripe.books import API_VERSION, Books, chance
from eka.gateways.payments.sandbox.stripe.finding import expanded
from eka.gateways.payments.sandbox.stripe.forms import Form, parse_form
from eka.gateways.payments.sandbox.stripe.refusals import Refused, mismatched
from eka.gateways.sandbox.records import Document

Deed = Callable[[Form, dict[str, str]], Document]
Door = Callable[[Request], Awaitable[Response]]

BODY_MAX = 64 * 1024
KEY_S = 24 * 60 * 60  # after a day a key may be forgotten, so here it is
_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(\.[a-z]+)?")


def door(books: Books, deed: Deed, known: tuple[str, ...] = ()) -> Door:
    """What answers a request: `deed` with its form, whose parameters are `known`."""

    async def enter(request: Request) -> Response:
        body = await request.body()
        try:
            _check(books, request, body)
            text = body.decode() if request.method == "POST" else request.url.query
            return _answered(books, request, text, _Work(books, deed, known))
        except Refused as refused:
            return _response(request, refused.status, refused.body())

    return enter


class _Work:
    """One kind of request, done."""

    def __init__(self, books: Books, deed: Deed, known: tuple[str, ...]) -> None:
        self._books, self._deed, self._known = books, deed, known

    def __call__(self, text: str, path: dict[str, str]) -> tuple[int, Document, bool]:
        """Status, answer, and whether a repetition gets the same."""
        try:
            form = Form(parse_form(text), self._known)
            paths = form.values.get("expand", [])
            return 200, expanded(self._books, self._deed(form, path), list(paths)), True
        except Refused as refused:
            return refused.status, refused.body(), refused.kept


def _answered(books: Books, request: Request, text: str, work: _Work) -> Response:
    key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
    asked = hashlib.sha256(f"{request.url.path}\n{text}".encode()).hexdigest()
    first = books.records.get("idempotency", key) if key else None
    if first is None or books.seconds - int(first["at"]) > KEY_S:
        status, answer, lasting = work(text, dict(request.path_params))
        if key and lasting:
            kept = {"asked": asked, "status": status, "answer": answer, "at": books.seconds}
            books.records.put("idempotency", key, kept)
        return _response(request, status, answer)
    if first["asked"] != asked:
        raise mismatched(key)
    response = _response(request, first["status"], first["answer"])
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _check(books: Books, request: Request, body: bytes) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        raise Refused("You did not provide an API key.", status=401)
    if not hmac.compare_digest(key.encode(), str(books.keys["secret_key"]).encode()):
        raise Refused(f"Invalid API Key provided: {key[:7]}****{key[-4:]}", status=401)
    version = request.headers.get("stripe-version", API_VERSION)
    if not _VERSION.fullmatch(version):
        raise Refused(f"Invalid Stripe API version: {version}", "parameter_invalid")
    if len(body) > BODY_MAX:
        raise Refused("The request is too large", status=413)


def _response(request: Request, status: int, answer: Any) -> Response:
    headers = {
        "Request-Id": f"req_{chance(14)}",
        "Stripe-Version": request.headers.get("stripe-version", API_VERSION),
    }
    if key := request.headers.get("idempotency-key"):
        headers["Idempotency-Key"] = key
    return JSONResponse(answer, status, headers=headers)
