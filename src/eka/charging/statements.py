"""The hot path's SQL, each statement by name. Parameters are arrays, one for each column."""

from collections.abc import Sequence

from eka.ledger import columns, values

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
SILENT = """
SELECT DISTINCT line_id FROM session WHERE open AND valid_until < $1 LIMIT $2
"""
DEMO_CLOCK = 'SELECT "offset" FROM demo_clock'

PLAN_VERSIONS = "SELECT id, terms::text FROM plan_version WHERE id = ANY($1)"
PLANS_ON_SALE = """
SELECT DISTINCT ON (plan_id) id, terms::text FROM plan_version ORDER BY plan_id, number DESC
"""

# What one use of data changes of a line, and nothing else: a write of fewer columns costs less.
# In the order of `plain_line`.
PLAIN_NAMES = (
    *("as_of", "next_due", "day_starts", "day_used", "unserved", "overage"),
    *("used", "beyond", "alerted"),
)
KEYS = (("line_id", "bigint"), ("revision", "bigint"), ("entry_count", "integer"))
_LINE_TYPES = {column.name: column.sql_type for column in columns.LINE}
PLAIN_LINE = (*KEYS, *((name, _LINE_TYPES[name]) for name in PLAIN_NAMES))
WHOLE_LINE = (*KEYS, *((column.name, column.sql_type) for column in columns.LINE))
PLAIN_BUCKET = columns.CHANGED_BUCKET[:4]

CLEAR_QUEUE = "DELETE FROM queued WHERE line_id = ANY($1)"


def unnest(shape: Sequence[tuple[str, str]], first: int = 1) -> str:
    """`unnest($first::type[], ...) AS new(name, ...)` over columns of a shape, each a literal."""
    places = ", ".join(f"${first + i}::text::{kind}[]" for i, (_, kind) in enumerate(shape))
    return f"unnest({places}) AS new({_names(shape)})"


def _names(shape: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f'"{name}"' for name, _ in shape)


def _set(shape: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} = new.{name}" for name, _ in shape)


def insert_into(table: str, shape: Sequence[tuple[str, str]]) -> str:
    """Adds rows."""
    return f"INSERT INTO {table} ({_names(shape)}) SELECT * FROM {unnest(shape)}"


def update_of(table: str, shape: Sequence[tuple[str, str]]) -> str:
    """Changes rows, which their first two columns name."""
    (line_id, _), (key, _), *others = shape
    return f"""
    UPDATE {table} SET {_set(others)} FROM {unnest(shape)}
    WHERE {table}.{line_id} = new.{line_id} AND {table}.{key} = new.{key}
    """


def write_lines(shape: Sequence[tuple[str, str]]) -> str:
    """Changes lines that nobody has changed since, and says which those were."""
    return f"""
    UPDATE line_state SET revision = line_state.revision + 1, {_set(shape[2:])}
    FROM {unnest(shape)}
    WHERE line_state.line_id = new.line_id AND line_state.revision = new.revision
    RETURNING line_state.line_id
    """


WRITE_WHOLE_LINES = write_lines(WHOLE_LINE)


class _Places:
    """Gives out the numbers of a long statement's parameters."""

    def __init__(self) -> None:
        self.next = 1

    def unnest(self, shape: Sequence[tuple[str, str]]) -> str:
        first, self.next = self.next, self.next + len(shape)
        return unnest(shape, first)


def _write_plain() -> str:
    """The statement of nearly every batch; what belongs to a line goes the way of the line."""
    places = _Places()
    places.next = len(PLAIN_LINE) + 1
    bucket_source = places.unnest(PLAIN_BUCKET)
    session_source = places.unnest(columns.SESSION)
    changed_source = places.unnest(columns.CHANGED_SESSION)
    answer_source = places.unnest(columns.ANSWER)
    entry_source = places.unnest(columns.ENTRY)
    return f"""
    WITH written AS ({write_lines(PLAIN_LINE)}), buckets AS (
        UPDATE bucket SET {_set(PLAIN_BUCKET[2:])} FROM {bucket_source} JOIN written USING (line_id)
        WHERE bucket.line_id = new.line_id AND bucket.number = new.number
    ), begun AS (
        INSERT INTO session ({_names(columns.SESSION)})
        SELECT new.* FROM {session_source} JOIN written USING (line_id)
    ), gone_on AS (
        UPDATE session SET {_set(columns.CHANGED_SESSION[2:])}
        FROM {changed_source} JOIN written USING (line_id)
        WHERE session.line_id = new.line_id AND session.id = new.id
    ), answered AS (
        INSERT INTO session_answer ({_names(columns.ANSWER)})
        SELECT new.* FROM {answer_source} JOIN written USING (line_id)
    ), told AS (
        INSERT INTO entry ({_names(columns.ENTRY)})
        SELECT new.* FROM {entry_source} JOIN written USING (line_id)
    )
    SELECT line_id FROM written
    """


WRITE_PLAIN = _write_plain()
