"""What people and networks call a line: its id, its IMSI or its MSISDN."""

from collections.abc import Collection

from eka.ledger.connections import rows
from eka.ledger.literals import array

# A number of up to 18 digits may be an id; longer ones would not fit the column.
FIND = """
WITH asked AS MATERIALIZED (SELECT DISTINCT unnest(%(asked)s::text[]) AS name)
SELECT name, line.id FROM asked JOIN line ON line.imsi = asked.name
UNION SELECT name, line.id FROM asked JOIN line ON line.msisdn = asked.name
UNION SELECT '+' || name, line.id FROM asked JOIN line ON line.msisdn = asked.name
UNION SELECT name, line.id FROM unnest(%(ids)s::text[]) AS name JOIN line ON line.id = name::bigint
"""


def find_lines(references: Collection[str]) -> dict[str, list[int]]:
    """The ids of the lines that each reference may mean; more than one where it is ambiguous.

    A MSISDN may be written with its plus sign.
    """
    asked = list({reference.removeprefix("+") for reference in references})
    ids = [name for name in asked if name.isascii() and name.isdigit() and len(name) < 19]
    found: dict[str, list[int]] = {}
    for name, id_ in rows(FIND, {"asked": array("text", asked), "ids": array("text", ids)}):
        found.setdefault(name, []).append(id_)
    return found
