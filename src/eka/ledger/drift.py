"""How far what suppliers count and what lines were debited are apart, as SQL."""

from datetime import datetime, timedelta

from msgspec import Struct

from eka.ledger.connections import rows

# The suppliers' total of a line is that of all the profiles it has had. Lines and suppliers can
# only come apart by what was used and not served, and by uses that no supplier told of; so what
# was so in the last while tells how far apart they were before it.
DRIFT = """
SELECT p.line_id, p.suppliers, p.theirs, coalesce(e.ours, 0), coalesce(e.unserved, 0),
       p.theirs - coalesce(e.ours, 0),
       p.theirs - coalesce(e.ours, 0) - coalesce(e.lately, 0), p.heard_at
FROM (
    SELECT line_id, array_agg(DISTINCT supplier) AS suppliers, min(given_at) AS since,
           sum(usage_used - usage_base)::bigint AS theirs, max(usage_heard_at) AS heard_at
    FROM profile
    WHERE line_id > %(after)s AND usage_used IS NOT NULL
      AND (%(line)s::bigint IS NULL OR line_id = %(line)s)
    GROUP BY line_id ORDER BY line_id LIMIT %(most)s
) AS p
LEFT JOIN LATERAL (
    SELECT sum(bytes) FILTER (WHERE code = 'used')::bigint AS ours,
           sum(bytes) FILTER (WHERE code = 'unserved')::bigint AS unserved,
           sum(CASE WHEN code = 'unserved' AND figures ? 'profile' THEN bytes
                    WHEN code = 'used' AND NOT coalesce(figures ? 'profile', false) THEN -bytes
               END) FILTER (WHERE at > %(before)s)::bigint AS lately
    FROM entry
    WHERE line_id = p.line_id AND code IN ('used', 'unserved')
      AND at >= coalesce(p.since, '-infinity')
) AS e ON true
ORDER BY p.line_id
"""


class Drift(Struct, frozen=True):
    """A line whose profiles' suppliers count. All in bytes, since the line got its first profile.

    `theirs` is what they count, `ours` what the line was debited, `unserved` what it could not be
    debited of. `difference` is theirs less ours; `before` is what that was a while ago, at the
    least. `heard_at` is when a supplier told something last.
    """

    line: int
    suppliers: list[str]
    theirs: int
    ours: int
    unserved: int
    difference: int
    before: int
    heard_at: datetime | None


def drift(
    now: datetime,
    lasting: timedelta,
    *,
    line_id: int | None = None,
    after: int = 0,
    most: int | None = None,
) -> list[Drift]:
    """The lines with ids above `after`, at most `most` of them, or one; with the drift before."""
    asked = {"before": now - lasting, "line": line_id, "after": after, "most": most}
    return [Drift(*row) for row in rows(DRIFT, asked)]
