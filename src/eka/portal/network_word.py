"""What is to be known of a line beside its balance: what it waits for, that its network stopped."""

from eka.ledger import models
from eka.portal.speech import words
from eka.rules.lines import Line
from eka.usecases.move_facts import is_own
from eka.usecases.supplier_usage import supplier_word
from eka.words import supplies as supply_words


def word_of(line_id: int, line: Line) -> dict[str, str]:
    """Sentences by what they are about; `line` is the line as it is now."""
    if line.state == "ready":
        return {"starts": _starts(line_id, line)}
    if line.state != "active":
        return {}
    tongue, word = words().tongue, supplier_word(line_id, line)
    stopped = (
        supply_words.stopped(tongue, word.status, word.left, word.until, line.timezone)
        if word is not None
        else ""
    )
    return {"stopped": stopped, "heard": _heard(line_id, line)}


def _starts(line_id: int, line: Line) -> str:
    """That a line begins with its first use; "" for one that is activated otherwise."""
    sold = models.Line.objects.filter(pk=line_id, sold_plan__plan__starts="first_use").first()
    if sold is None:
        return ""
    return supply_words.starts(words().tongue, sold.activate_by, line.timezone)


def _heard(line_id: int, line: Line) -> str:
    """Of when the use is, where it is not counted by ourselves but told by a supplier."""
    profile = models.Profile.objects.filter(line=line_id, current=True).first()
    if profile is None or is_own(profile):
        return ""
    at = profile.usage_at or profile.usage_heard_at
    return supply_words.heard(words().tongue, at, line.timezone)
