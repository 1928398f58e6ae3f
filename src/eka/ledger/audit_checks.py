"""What must hold of every line, as SQL: each check finds the lines of which it does not hold.

A check is a SELECT of line, bucket (or NULL), what was expected, what was found. It looks at these
sets, cut to a range of lines: `l` lines' states, `b` buckets, `p` periods, `r` receipts, `e` their
entries with the number of the `period` they belong to, and `m`, what entries moved into buckets and
out of them.
"""

from typing import NamedTuple


class Check(NamedTuple):
    """A check: its name, what is wrong where it fails, and the lines where it does."""

    name: str
    wrong: str
    sql: str


# A period begins where the allowance of its plan is granted; the first may begin with the
# activation alone. So an entry's period is the line's present one less the grants that came later.
SETS = """
WITH l AS MATERIALIZED (
    SELECT * FROM line_state WHERE line_id > %(after)s AND line_id <= %(last)s
), b AS MATERIALIZED (
    SELECT * FROM bucket WHERE line_id > %(after)s AND line_id <= %(last)s
), p AS MATERIALIZED (
    SELECT *, lag(starts) OVER line AS starts_before FROM period
    WHERE line_id > %(after)s AND line_id <= %(last)s
    WINDOW line AS (PARTITION BY line_id ORDER BY number)
), r AS MATERIALIZED (
    SELECT line_id, key, (answer->>'first')::bigint AS first, (answer->>'last')::bigint AS last
    FROM receipt WHERE line_id > %(after)s AND line_id <= %(last)s AND answer ? 'last'
), numbered AS MATERIALIZED (
    SELECT line_id, number, at, code, bytes, bucket, "into", reason,
           coalesce(figures ? 'profile', false) AS supplied, lag(at) OVER line AS at_before,
           count(*) FILTER (WHERE code = 'granted' AND reason = 'plan') OVER later AS grants_later
    FROM entry WHERE line_id > %(after)s AND line_id <= %(last)s
    WINDOW line AS (PARTITION BY line_id ORDER BY number),
           later AS (PARTITION BY line_id ORDER BY number DESC
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), e AS MATERIALIZED (
    SELECT numbered.*, l.period_number - coalesce(grants_later, 0) AS period
    FROM numbered LEFT JOIN l USING (line_id)
), m AS MATERIALIZED (
    SELECT line_id, bucket, number, CASE code WHEN 'granted' THEN bytes ELSE -bytes END AS moved
    FROM e WHERE bucket IS NOT NULL AND bucket IS DISTINCT FROM "into"
    UNION ALL
    SELECT line_id, "into", number, bytes FROM e
    WHERE "into" IS NOT NULL AND bucket IS DISTINCT FROM "into"
)
"""

CHECKS = (
    Check(
        "bucket_sum",
        "what a bucket has left is not the sum of its entries",
        """
        SELECT line_id, bucket, sums.total, coalesce(b.bytes_left, 0)
        FROM (SELECT line_id, bucket, sum(moved) AS total FROM m GROUP BY 1, 2) AS sums
        FULL JOIN (SELECT *, number AS bucket FROM b) AS b USING (line_id, bucket)
        WHERE coalesce(sums.total, 0) <> coalesce(b.bytes_left, 0)
        """,
    ),
    Check(
        "bucket_missing",
        "entries tell of a bucket that is not there",
        """
        SELECT m.line_id, m.bucket, 1, 0 FROM m
        LEFT JOIN b ON b.line_id = m.line_id AND b.number = m.bucket
        WHERE b.number IS NULL GROUP BY 1, 2
        """,
    ),
    Check(
        "bucket_negative",
        "a bucket was below zero at one of its entries",
        """
        SELECT line_id, bucket, 0, min(held)
        FROM (SELECT line_id, bucket, sum(moved) OVER (PARTITION BY line_id, bucket ORDER BY number)
              AS held FROM m) AS running
        WHERE held < 0 GROUP BY 1, 2
        """,
    ),
    Check(
        "bucket_open",
        "a bucket is marked open and holds nothing, or is not and holds something",
        """
        SELECT line_id, number, bytes_left IS DISTINCT FROM 0, open FROM b
        WHERE open <> (bytes_left IS DISTINCT FROM 0)
        """,
    ),
    Check(
        "bucket_count",
        "buckets are not numbered from 1 to the line's count",
        """
        SELECT l.line_id, NULL::integer, l.bucket_count, count(b.number)
        FROM l LEFT JOIN b USING (line_id) GROUP BY 1, l.bucket_count
        HAVING count(b.number) <> l.bucket_count
            OR coalesce(max(b.number), 0) <> l.bucket_count OR coalesce(min(b.number), 1) <> 1
        """,
    ),
    Check(
        "used_outside_bucket",
        "data was used before its bucket started or after it ended",
        """
        SELECT e.line_id, e.bucket, b.starts || ' to ' || coalesce(b.expires::text, 'its end'), e.at
        FROM e JOIN b ON b.line_id = e.line_id AND b.number = e.bucket
        WHERE e.code = 'used' AND (e.at < b.starts OR e.at >= b.expires)
        """,
    ),
    Check(
        "used_in_other_period",
        "data that is bound to a period was used in another",
        """
        SELECT e.line_id, e.bucket, b.period, e.period
        FROM e JOIN b ON b.line_id = e.line_id AND b.number = e.bucket
        WHERE e.code = 'used'
          AND (e.period > b.period OR (b.generation = 0 AND e.period <> b.period))
        """,
    ),
    Check(
        "used_outside_period",
        "data was used before the period started or after it ended",
        """
        SELECT e.line_id, e.bucket, p.starts || ' to ' || p.ends, e.at
        FROM e LEFT JOIN p ON p.line_id = e.line_id AND p.number = e.period
        WHERE e.code = 'used' AND (p.number IS NULL OR e.at < p.starts OR e.at >= p.ends)
        """,
    ),
    Check(
        "entry_numbers",
        "entries are not numbered from 1 to the line's count without a gap",
        """
        SELECT l.line_id, NULL::integer, l.entry_count, count(DISTINCT e.number)
        FROM l LEFT JOIN e USING (line_id) GROUP BY 1, l.entry_count
        HAVING count(e.number) <> l.entry_count OR count(DISTINCT e.number) <> l.entry_count
            OR coalesce(max(e.number), 0) <> l.entry_count OR coalesce(min(e.number), 1) <> 1
        """,
    ),
    Check(
        "entry_order",
        "an entry lies before the one that came before it",
        """
        SELECT line_id, bucket, at_before, at FROM e WHERE at < at_before
        """,
    ),
    Check(
        "conservation",
        "granted bytes are not what was used, is left, and was forfeited, expired or converted",
        """
        SELECT line_id, NULL::integer, coming, gone + remaining
        FROM (SELECT line_id,
                     coalesce(sum(bytes) FILTER (WHERE code = 'granted'
                         OR (code = 'used' AND reason <> '')), 0) AS coming,
                     coalesce(sum(bytes) FILTER (WHERE code IN
                         ('used', 'forfeited', 'expired', 'converted')), 0) AS gone
              FROM e GROUP BY 1) AS moved
        JOIN (SELECT l.line_id, coalesce(sum(b.bytes_left), 0) AS remaining
              FROM l LEFT JOIN b USING (line_id) GROUP BY 1) AS held USING (line_id)
        WHERE coming <> gone + remaining
        """,
    ),
    Check(
        "period_used",
        "what the present period counts as used is not the sum of its entries",
        """
        SELECT l.line_id, NULL::integer, coalesce(sums.used, 0), l.used
        FROM l
        LEFT JOIN (SELECT line_id, period, sum(bytes) AS used FROM e WHERE code = 'used'
                   GROUP BY 1, 2) AS sums
               ON sums.line_id = l.line_id AND sums.period = l.period_number
        WHERE coalesce(sums.used, 0) <> l.used
        """,
    ),
    Check(
        "unserved",
        "the bytes that could not be served are not the sum of their entries",
        """
        SELECT l.line_id, NULL::integer,
               coalesce(sum(e.bytes) FILTER (WHERE e.code = 'unserved'), 0), l.unserved
        FROM l LEFT JOIN e USING (line_id) GROUP BY 1, l.unserved
        HAVING coalesce(sum(e.bytes) FILTER (WHERE e.code = 'unserved'), 0) <> l.unserved
        """,
    ),
    Check(
        "supplied",
        "what suppliers reported of its profiles is not what the line was debited for it",
        """
        SELECT line_id, NULL::integer, coalesce(told.bytes, 0), coalesce(debited.bytes, 0)
        FROM (SELECT line_id, sum(usage_used - usage_base) AS bytes FROM profile
              WHERE line_id > %(after)s AND line_id <= %(last)s GROUP BY 1) AS told
        FULL JOIN (SELECT line_id, sum(bytes) AS bytes FROM e
                   WHERE supplied AND code IN ('used', 'unserved') GROUP BY 1) AS debited
             USING (line_id)
        WHERE coalesce(told.bytes, 0) <> coalesce(debited.bytes, 0)
        """,
    ),
    Check(
        "period_numbers",
        "periods are not numbered from 1 to the present one",
        """
        SELECT l.line_id, NULL::integer, coalesce(l.period_number, 0), count(p.number)
        FROM l LEFT JOIN p USING (line_id) GROUP BY 1, l.period_number
        HAVING count(p.number) <> coalesce(l.period_number, 0)
            OR coalesce(max(p.number), 0) <> coalesce(l.period_number, 0)
            OR coalesce(min(p.number), 1) <> 1
        """,
    ),
    Check(
        "period_order",
        "a period ends before it starts, or starts before the one that came before it",
        """
        SELECT line_id, NULL::integer, coalesce(starts_before, starts), least(starts, ends) FROM p
        WHERE ends < starts OR starts < starts_before
        """,
    ),
    Check(
        "period_start",
        "a period does not start when its allowance was granted",
        """
        SELECT e.line_id, e.bucket, e.at, p.starts
        FROM e JOIN p ON p.line_id = e.line_id AND p.number = e.period
        WHERE e.code = 'granted' AND e.reason = 'plan' AND e.at <> p.starts
        """,
    ),
    Check(
        "receipt_entries",
        "a receipt tells of entries that are not there",
        """
        SELECT r.line_id, NULL::integer, r.first || ' to ' || r.last || ' (' || r.key || ')',
               l.entry_count
        FROM r LEFT JOIN l USING (line_id)
        WHERE r.first < 1 OR r.last < r.first - 1 OR r.last > coalesce(l.entry_count, 0)
        """,
    ),
    Check(
        "no_line",
        "there are rows of a line that is not there",
        """
        SELECT line_id, NULL::integer, 1, 0
        FROM (SELECT line_id FROM e UNION SELECT line_id FROM b UNION SELECT line_id FROM p
              UNION SELECT line_id FROM r) AS told
        LEFT JOIN l USING (line_id) WHERE l.line_id IS NULL
        """,
    ),
)

ALL = SETS + " UNION ALL ".join(
    f"SELECT '{check.name}', line, bucket, expected::text, found::text"
    f" FROM ({check.sql}) AS {check.name}(line, bucket, expected, found)"
    for check in CHECKS
)
