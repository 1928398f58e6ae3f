"""The engine's answers, as a gateway understands them (RFC 8506, 9; TS 32.299, 6.4.3)."""

from eka.charging.requests import ChargingAnswer, FinalAction, FinalUnit, Part, Result
from eka.rules.lines import SessionResult
from eka.wire.diameter import gy_answers
from eka.wire.diameter.gy import CreditControlRequest
from eka.wire.diameter.gy_answers import Grant, write_answer
from eka.wire.diameter.nodes import Node
from eka.wire.diameter.results import (
    CREDIT_LIMIT_REACHED,
    END_USER_SERVICE_DENIED,
    SUCCESS,
    TOO_BUSY,
    UNABLE_TO_COMPLY,
    UNKNOWN_SESSION_ID,
    USER_UNKNOWN,
)

RESULTS: dict[Result, int] = {
    "success": SUCCESS,
    "unknown_subscriber": USER_UNKNOWN,
    "unknown_session": UNKNOWN_SESSION_ID,
    "busy": TOO_BUSY,
    "failed": UNABLE_TO_COMPLY,
    "denied": CREDIT_LIMIT_REACHED,
}
PART_RESULTS: dict[SessionResult, int] = {
    "success": SUCCESS,
    "limit_reached": CREDIT_LIMIT_REACHED,
    "unknown_session": UNKNOWN_SESSION_ID,
    "not_active": END_USER_SERVICE_DENIED,
}
_FINAL_ACTIONS: dict[FinalAction, int] = {
    "terminate": gy_answers.TERMINATE,
    "redirect": gy_answers.REDIRECT,
    "restrict": gy_answers.RESTRICT_ACCESS,
}


class AnswerWriter:
    """Writes CCAs of one node. A final grant carries the Final-Unit-Indication of `final_unit`.

    Where nothing can be granted, the part's Result-Code is 4012 and not 2001 with an indication
    alone (RFC 8506, 5.6): Open5GS takes success without a grant for a session without a limit.
    To redirect or to restrict at once, the gateway gets the indication beside the 4012; to
    terminate, 4012 says it all.
    """

    def __init__(self, node: Node, final_unit: FinalUnit) -> None:
        self._node = node
        action = _FINAL_ACTIONS[final_unit.action]
        self._final = gy_answers.final_unit(action, final_unit.redirect_to)
        self._limit = b"" if final_unit.action == "terminate" else self._final

    def write(self, request: CreditControlRequest, answer: ChargingAnswer) -> tuple[int, bytes]:
        """The Result-Code and the whole CCA."""
        result = RESULTS[answer.result]
        parts = [self._grant(request, part) for part in answer.parts]
        more = b""
        if answer.enough is not None:
            more += gy_answers.balance_result(answer.enough)
        if answer.cost is not None:
            more += gy_answers.cost_information(answer.cost)
        return result, write_answer(self._node, request, result, *parts, more=more)

    def _grant(self, request: CreditControlRequest, part: Part) -> Grant:
        final = self._final if part.final else b""
        if part.result == "limit_reached":
            final = self._limit
        return Grant(
            rating_group=part.rating_group,
            services=_services(request, part) if part.service is not None else (),
            result=PART_RESULTS[part.result],
            granted=part.granted,
            validity=part.validity,
            threshold=part.threshold,
            final=final,
        )


def _services(request: CreditControlRequest, part: Part) -> tuple[int, ...]:
    """All Service-Identifiers of the Mscc that asked; the engine knows a part by the first."""
    for asked in request.parts:
        if asked.rating_group == part.rating_group and asked.services[:1] == (part.service,):
            return asked.services
    return ()
