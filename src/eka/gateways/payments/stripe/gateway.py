"""The payment gateway Stripe.

Whoever did not hear the answer to a request repeats it: our number is its idempotency key. Stripe
forgets keys after a day at the earliest, so what moves money is looked for by its number before it
is done, too.
"""

import contextlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

import msgspec
import stripe

from eka import clock
from eka.gateways.payments.stripe import asks, lists, notices, objects, reports
from eka.gateways.payments.stripe.amounts import CURRENCIES
from eka.gateways.payments.stripe.answers import meaning, understood
from eka.gateways.payments.stripe.objects import Declined, Intent, Method, Refund, Session
from eka.gateways.payments.stripe.settings import StripeSettings
from eka.gateways.payments.terms import (
    Asked,
    GatewayName,
    Notice,
    PaymentAsk,
    PaymentReport,
    RefundAsk,
    RefundReport,
    Reply,
    SavedMethod,
    Transaction,
    Way,
)

TIMEOUT_S = 10
RETRIES = 1  # a kept connection may have been closed meanwhile; more patience is the caller's
LISTED_BACK = timedelta(hours=25)  # no page is open for longer than a day

WHOLE_CHARGE = ["latest_charge.balance_transaction"]
WHOLE_SESSION = [
    "payment_intent.latest_charge.balance_transaction",
    "payment_intent.payment_method",
]

# The library would send measurements of itself, and a name of this machine, with every request.
stripe.enable_telemetry = False


class StripeGateway:
    """Stripe, for one account. May be used by several threads.

    What a payer saved is told by `look` (it takes asking), not by notifications.
    """

    name: GatewayName = "stripe"
    ways: tuple[Way, ...] = ("page",)
    currencies = CURRENCIES
    saves = True
    proves = True

    def __init__(self, settings: StripeSettings, now: Callable[[], datetime] = clock.now) -> None:
        self._settings, self._now = settings, now
        self.merchant = settings.merchant
        self._client = stripe.StripeClient(
            settings.secret_key,
            base_addresses={"api": settings.api_base} if settings.api_base else None,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
            max_network_retries=RETRIES,
        )

    def begin(self, ask: PaymentAsk) -> Asked:
        """Opens a page of Stripe's, for half an hour at least and a day at most."""
        params = asks.for_page(ask, self._now())
        with understood():
            try:
                answer = self._client.v1.checkout.sessions.create(
                    params, {"idempotency_key": f"begin-{ask.number}"}
                )
                session = objects.read(answer, Session)
            except stripe.IdempotencyError as error:
                # The same number with another deadline, as Stripe counts it: what was begun first
                # is the answer.
                reference = self._listed(ask.number)
                if not reference:
                    raise meaning(error) from None
                session = self._session(reference)
        return Asked(reference=session.id, url=session.url or ask.return_url)

    def look(self, number: str, reference: str) -> PaymentReport:
        """What became of it; without a reference it is looked for by its number."""
        with understood():
            return self._look(number, reference or self._found(number))

    def capture(self, number: str, reference: str) -> PaymentReport:
        """The same as `look`: nothing is only approved here."""
        return self.look(number, reference)

    def close(self, number: str, reference: str) -> PaymentReport:
        """Closes the page; one that is complete stays so, and the report says it.

        The library's own key is used: a page is closed only once however often it is asked, and
        the first answer, repeated, would be of no use.
        """
        with understood():
            known = reference or self._found(number)
            with contextlib.suppress(stripe.InvalidRequestError):
                if known.startswith("cs_"):
                    self._client.v1.checkout.sessions.expire(known)
                elif known:
                    self._client.v1.payment_intents.cancel(known)
            return self._look(number, known)

    def charge(self, ask: PaymentAsk, method: SavedMethod) -> PaymentReport:
        """Charges a kept method. What its bank declines is `failed`, and stays so by this number:
        another try is another payment.
        """
        params = asks.for_saved(ask, method)
        with understood():
            if earlier := self._searched(ask.number):
                return self._look(ask.number, earlier.id)
            try:
                answer = self._client.v1.payment_intents.create(
                    params, {"idempotency_key": f"charge-{ask.number}"}
                )
            except stripe.CardError as error:
                return self._declined(ask, error)
            return self._of(objects.read(answer, Intent))

    def forget(self, method: SavedMethod) -> None:
        """Detaches the method from its customer, for good."""
        with understood():
            try:
                self._client.v1.payment_methods.detach(method.token)
            except stripe.InvalidRequestError as error:
                if not self._gone(method):
                    raise meaning(error) from None

    def refund(self, ask: RefundAsk) -> RefundReport:
        """Gives money back; what Stripe refuses (too much, disputed) raises GatewayRefused."""
        params = asks.for_refund(ask)
        with understood():
            if earlier := self._refunded(ask):
                return reports.of_refund(earlier)
            answer = self._client.v1.refunds.create(
                params, {"idempotency_key": f"refund-{ask.number}"}
            )
            return reports.of_refund(objects.read(answer, Refund))

    def look_refund(self, ask: RefundAsk, reference: str) -> RefundReport:
        """What became of a refund; without a reference it is looked for by its number."""
        with understood():
            try:
                if not reference:
                    refund = self._refunded(ask)
                else:
                    refund = objects.read(self._client.v1.refunds.retrieve(reference), Refund)
            except stripe.InvalidRequestError as error:
                if not _missing(error):
                    raise
                refund = None
        if refund is None:
            return RefundReport(number=ask.number, status="unknown")
        return reports.of_refund(refund)

    def transactions(self, day: date) -> list[Transaction]:
        """What moved on the seller's balance on a day of UTC, newest first."""
        with understood():
            return list(lists.movements(self._client, day))

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """The content of a notification; nobody is asked for it."""
        return notices.read(headers, body, now, self._settings)

    def reply(self, accepted: bool) -> Reply:
        """Stripe looks at the status only."""
        return Reply() if accepted else Reply(status=500)

    # ----------------------------------------------------------------- one payment, as it stands

    def _look(self, number: str, reference: str) -> PaymentReport:
        try:
            if reference.startswith("cs_"):
                session = self._session(reference)
                return reports.of_session(session, self._settings.named(live=session.livemode))
            if reference:
                intent = self._client.v1.payment_intents.retrieve(
                    reference, {"expand": WHOLE_CHARGE}
                )
                return self._of(objects.read(intent, Intent))
        except stripe.InvalidRequestError as error:
            if not _missing(error):
                raise
        return PaymentReport(number=number, status="unknown")

    def _session(self, reference: str) -> Session:
        answer = self._client.v1.checkout.sessions.retrieve(reference, {"expand": WHOLE_SESSION})
        return objects.read(answer, Session)

    def _of(self, intent: Intent) -> PaymentReport:
        return reports.of_intent(intent, self._settings.named(live=intent.livemode))

    def _declined(self, ask: PaymentAsk, error: stripe.CardError) -> PaymentReport:
        body = error.json_body if isinstance(error.json_body, dict) else {}
        declined = msgspec.convert(body.get("error", {}), Declined)
        if declined.payment_intent is None:
            reason = reports.why(declined)
            return PaymentReport(number=ask.number, status="failed", reason=reason)
        return self._of(declined.payment_intent)

    # ------------------------------------------------------------- what was begun under a number

    def _found(self, number: str) -> str:
        """The reference of a payment whose answer was lost; "" where there is none."""
        intent = self._searched(number)
        if intent is None:
            return self._listed(number)
        if not reports.on_a_page(intent):
            return intent.id
        sessions = self._client.v1.checkout.sessions.list({"payment_intent": intent.id})
        return sessions.data[0].id if sessions.data else intent.id

    def _searched(self, number: str) -> Intent | None:
        """By Stripe's search, which knows of all that was tried to pay, a minute later."""
        if not number.isalnum():
            return None
        try:
            found = self._client.v1.payment_intents.search(
                {"query": f"metadata['number']:'{number}'"}
            )
        except stripe.InvalidRequestError:
            return None  # sellers in India have no search
        intents = [objects.read(one, Intent) for one in found.data]
        paid = [intent for intent in intents if intent.status == "succeeded"]
        return next(iter(paid or intents), None)

    def _listed(self, number: str) -> str:
        """By the list of the pages that may still be open, which is always up to date."""
        since = int((self._now() - LISTED_BACK).timestamp())
        sessions = self._client.v1.checkout.sessions.list(
            {"created": {"gte": since}, "limit": lists.PAGE}
        )
        for session in sessions.auto_paging_iter():
            if session.client_reference_id == number:
                return str(session.id)
        return ""

    def _refunded(self, ask: RefundAsk) -> Refund | None:
        if not ask.transaction:
            return None  # the list would be of every payment's refunds
        refunds = self._client.v1.refunds.list(
            {"payment_intent": ask.transaction, "limit": lists.PAGE}
        )
        for one in refunds.auto_paging_iter():
            refund = objects.read(one, Refund)
            if reports.noted(refund.metadata) == ask.number:
                return refund
        return None

    def _gone(self, method: SavedMethod) -> bool:
        try:
            kept = objects.read(self._client.v1.payment_methods.retrieve(method.token), Method)
        except stripe.InvalidRequestError as error:
            return _missing(error)
        return kept.customer is None


def _missing(error: stripe.InvalidRequestError) -> bool:
    return error.http_status == 404
