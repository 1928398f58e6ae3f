"""How Stripe says no: https://docs.stripe.com/api/errors."""

from typing import Any

from eka.gateways.sandbox.records import Document

# Refusals before anything was executed; their answers are not kept for the idempotency key.
UNTRIED = ("parameter_missing", "parameter_unknown", "parameter_invalid", "url_invalid")


class Refused(Exception):
    """A request that Stripe answers with an error."""

    def __init__(self, message: str, code: str = "", param: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.message, self.code, self.param, self.status = message, code, param, status
        self.type = "card_error" if status == 402 else "invalid_request_error"
        self.more: Document = {}

    @property
    def kept(self) -> bool:
        """Whether a repetition with the same key gets this answer without being tried."""
        return self.status != 401 and self.code not in UNTRIED

    def body(self) -> dict[str, Any]:
        """The answer."""
        told = {"code": self.code, "param": self.param}
        error = {"message": self.message, "type": self.type}
        return {"error": error | {key: value for key, value in told.items() if value} | self.more}


def missing(what: str, id_: str, param: str = "id") -> Refused:
    """There is no object of this id."""
    return Refused(f"No such {what}: '{id_}'", "resource_missing", param, 404)


def required(param: str) -> Refused:
    """A parameter that must be there is not."""
    return Refused(f"Missing required param: {param}.", "parameter_missing", param)


def mismatched(key: str) -> Refused:
    """An idempotency key that was used for something else."""
    refused = Refused(
        "Keys for idempotent requests can only be used with the same parameters they were first"
        f" used with. Try using a key other than '{key}' if you meant to execute a different"
        " request."
    )
    refused.type = "idempotency_error"
    return refused
