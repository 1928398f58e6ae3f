"""What is to be known of a line beside its balance: what it waits for, that its network stopped."""

from typing import Any

from eka.ledger import models
from eka.portal.speech import own, words
from eka.rules.lines import Line
from eka.usecases.move_facts import is_own
from eka.usecases.supplier_usage import supplier_word
from eka.words import supplies as supply_words


def word_of(line_id: int, line: Line) -> dict[str, Any]:
    """Sentences by what they are about; `line` is the line as it is now."""
    if line.state == "ready":
        sold = models.Line.objects.select_related("sold_plan__plan").get(pk=line_id).sold_plan
        title = own(sold.plan.title, sold.plan.name) if sold else ""
        return {"plan": title, "starts": starts(line_id, line.timezone)}
    if line.state != "active":
        return {}
    tongue, word = words().tongue, supplier_word(line_id, line)
    stopped = (
        supply_words.stopped(tongue, word.status, word.left, word.until, line.timezone)
        if word is not None
        else ""
    )
    return {"stopped": stopped, "heard": _heard(line_id, line)}


def starts(line_id: int, timezone: str) -> str:
    """That a line waits for its first use, and until when; "" for one that does not."""
    waiting = models.Line.objects.filter(
        pk=line_id, kept__state="ready", sold_plan__plan__starts="first_use"
    )
    line = waiting.first()
    return "" if line is None else supply_words.starts(words().tongue, line.activate_by, timezone)


def _heard(line_id: int, line: Line) -> str:
    """Of when the use is, where it is not counted by ourselves but told by a supplier."""
    profile = models.Profile.objects.filter(line=line_id, current=True).first()
    if profile is None or is_own(profile):
        return ""
    at = profile.usage_at or profile.usage_heard_at
    return supply_words.heard(words().tongue, at, line.timezone)
