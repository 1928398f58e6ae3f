"""What happens by itself as time passes, each thing at its own instant (policy, section 4).

At one instant: buckets' own expiries first, then period ends and queued starts, then commands. A
grace that ends at t forfeits after a renewal at t and before any other command at t.
"""

from datetime import datetime

from eka.rules.alerts import next_warning, warn_of_end
from eka.rules.lines import Draft, Line
from eka.rules.renewals import end_grace, end_period, grace_end


def next_due(line: Line) -> datetime | None:
    """The next instant at which something happens to the line by itself."""
    if line.state in ("ready", "closed"):
        return None
    due = [bucket.expires for bucket in line.buckets if bucket.expires is not None]
    if line.state == "active" and line.period is not None:
        due.append(line.period.ends)
        if line.period.plan.alerts.ends_in and (warning := next_warning(line)):
            due.append(warning)
    elif (end := grace_end(line)) is not None:
        due.append(end)
    return min(due, default=None)


def advance(draft: Draft, until: datetime, *, renewing: bool = False) -> None:
    """Lets everything due up to and including `until` happen.

    With `renewing`, an end of the period or of the grace at `until` itself is left to the renewal
    that is about to come.
    """
    while (due := next_due(draft.line)) is not None and due <= until:
        draft.now = due
        _expire(draft)
        warn_of_end(draft)
        last = renewing and due == until
        _end_period_if_due(draft, left_to_renewal=last)
        if not last and grace_end(draft.line) == due:
            end_grace(draft)
        if last:
            break
    draft.now = until


def _expire(draft: Draft) -> None:
    for bucket in draft.line.buckets:
        if bucket.expires is not None and bucket.expires <= draft.now:
            draft.lose(bucket, "expired", "expired")


def _end_period_if_due(draft: Draft, *, left_to_renewal: bool) -> None:
    line, period = draft.line, draft.period
    if line.state != "active" or period.ends > draft.now:
        return
    if line.queue or period.term_left or not left_to_renewal:
        end_period(draft)
