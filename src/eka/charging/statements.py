"""The hot path's SQL, each statement by name. Parameters are arrays, one for each column."""

from collections.abc import Sequence

from eka.ledger import columns, values

Shape = Sequence[tuple[str, str]]

LINES = (
    values.LINES.replace(
        "FROM line_state",
        ", EXISTS (SELECT FROM queued q WHERE q.line_id = l.line_id) FROM line_state",
    )
    + "WHERE l.line_id = ANY($1)"
)
BUCKETS = values.BUCKETS + "WHERE line_id = ANY($1) AND open ORDER BY line_id, number"
QUEUE = values.QUEUE + "WHERE line_id = ANY($1) ORDER BY line_id, position"
# A line may have had thousands of sessions: the open ones and the named ones each by an index.
SESSIONS = f"""
{values.SESSIONS} WHERE line_id = ANY($1) AND open
UNION ALL {values.SESSIONS} WHERE name = ANY($2) AND line_id = ANY($1) AND NOT open
"""
ANSWERS = f"""
{values.ANSWERS} WHERE (line_id, session_id, number) IN
(SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[]))
"""

FIND_LINES = """
SELECT 'imsi:' || imsi, id FROM line WHERE imsi = ANY($1)
UNION ALL SELECT 'msisdn:' || msisdn, id FROM line WHERE msisdn = ANY($2)
"""
FIND_NAMES = """
SELECT DISTINCT ON (name) name, line_id FROM session WHERE name = ANY($1)
ORDER BY name, open DESC, seen_at DESC
"""

# What the gateway said of itself stands with the first part of its session.
OPEN_SESSIONS = """
SELECT DISTINCT ON (line_id, name) line_id, name, facts::text FROM session
WHERE name IN (SELECT name FROM session WHERE line_id = ANY($1) AND open) AND line_id = ANY($1)
  AND facts <> '{}'
ORDER BY line_id, name, started_at
"""
# Of several processes that could tell a gateway of this revision, one does.
CLAIM_NOTICE = """
UPDATE session SET told = $3 WHERE line_id = $1 AND name = $2 AND told < $3 RETURNING 1
"""
# A line that waits for its first use was just used: jobs begin it before the device tries again.
FIRST_USE = """
INSERT INTO outbox (key, kind, payload, made_at, due, attempts, last_error)
SELECT 'first_use:' || id, 'first_use', jsonb_build_object('line', id, 'at', $2::text),
       $3, $3, 0, ''
FROM unnest($1::bigint[]) AS used(id) ON CONFLICT (key) DO NOTHING
"""
SILENT = """
SELECT DISTINCT line_id FROM session WHERE open AND valid_until < $1 LIMIT $2
"""
DEMO_CLOCK = 'SELECT "offset" FROM demo_clock'

PLAN_VERSIONS = "SELECT id, terms::text FROM plan_version WHERE id = ANY($1)"
PLANS_ON_SALE = """
SELECT DISTINCT ON (plan_id) id, terms::text FROM plan_version ORDER BY plan_id, number DESC
"""

KEYS: Shape = (("line_id", "bigint"), ("revision", "bigint"), ("entry_count", "integer"))
WHOLE_LINE = (*KEYS, *((column.name, column.sql_type) for column in columns.LINE))
# What one use of data changes of a line, and nothing else.
PLAIN_NAMES = (
    *("entry_count", "as_of", "next_due", "day_starts", "day_used", "unserved", "overage"),
    *("used", "beyond", "alerted"),
)

CLEAR_QUEUE = "DELETE FROM queued WHERE line_id = ANY($1)"


def unnest(shape: Shape, first: int = 1) -> str:
    """`unnest($first::type[], ...) AS new(name, ...)` over columns of a shape, each a literal."""
    places = ", ".join(f"${first + i}::text::{kind}[]" for i, (_, kind) in enumerate(shape))
    return f"unnest({places}) AS new({_names(shape)})"


def _names(shape: Shape) -> str:
    return ", ".join(f'"{name}"' for name, _ in shape)


def _set(shape: Shape) -> str:
    return ", ".join(f"{name} = new.{name}" for name, _ in shape)


def insert_into(table: str, shape: Shape) -> str:
    """Adds rows."""
    return f"INSERT INTO {table} ({_names(shape)}) SELECT * FROM {unnest(shape)}"


def update_of(table: str, shape: Shape) -> str:
    """Changes rows, which their first two columns name."""
    (line_id, _), (key, _), *others = shape
    return f"""
    UPDATE {table} SET {_set(others)} FROM {unnest(shape)}
    WHERE {table}.{line_id} = new.{line_id} AND {table}.{key} = new.{key}
    """


def write_lines(names: Sequence[str], source: str) -> str:
    """Changes lines that nobody has changed since, and says which those were."""
    changes = ", ".join(f"{name} = new.{name}" for name in names)
    return f"""
    UPDATE line_state SET revision = line_state.revision + 1, {changes} FROM {source}
    WHERE line_state.line_id = new.line_id AND line_state.revision = new.revision
    RETURNING line_state.line_id
    """


WRITE_WHOLE_LINES = write_lines([name for name, _ in WHOLE_LINE[2:]], unnest(WHOLE_LINE))

# The statement of nearly every batch. Its parameters are the fields of `composites.PlainRows`; what
# belongs to a line goes the way of the line.
WRITE_PLAIN = f"""
WITH written AS (
    {write_lines(PLAIN_NAMES, "unnest($1::text::charged_line[]) AS new")}
), buckets AS (
    UPDATE bucket SET bytes_left = new.bytes_left, open = new.open
    FROM unnest($2::text::charged_bucket[]) AS new JOIN written USING (line_id)
    WHERE bucket.line_id = new.line_id AND bucket.number = new.number
), gone_on AS (
    UPDATE session SET {_set(columns.CHANGED_SESSION[2:])}
    FROM unnest($3::text::charged_session[]) AS new JOIN written USING (line_id)
    WHERE session.line_id = new.line_id AND session.id = new.id
), begun AS (
    INSERT INTO session ({_names(columns.SESSION)})
    SELECT new.* FROM unnest($4::text::begun_session[]) AS new JOIN written USING (line_id)
), answered AS (
    INSERT INTO session_answer ({_names(columns.ANSWER)})
    SELECT new.* FROM unnest($5::text::given_answer[]) AS new JOIN written USING (line_id)
), told AS (
    INSERT INTO entry ({_names(columns.ENTRY)})
    SELECT new.* FROM unnest($6::text::told_entry[]) AS new JOIN written USING (line_id)
)
SELECT line_id FROM written
"""
