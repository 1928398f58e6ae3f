"""What must hold of eSIM profiles, as SQL: nobody pays for none, and none is lost or had twice.

A check is a SELECT of what it is about (an order's item, a profile), what was expected, what was
found; as those of `audit_books`.
"""

from eka.ledger.audit_checks import Check

CHECKS = (
    Check(
        "item_profile",
        "a line that was delivered with an eSIM has not exactly one from its supplier",
        """
        SELECT 'order ' || o.number || ', item ' || i.position, 1, count(s.profile_id)
        FROM order_item i JOIN sales_order o ON o.id = i.order_id
        JOIN supply any_ ON any_.order_id = o.id AND any_.position = i.position AND any_.nth = 0
        LEFT JOIN supply s ON s.order_id = o.id AND s.position = i.position AND s.state = 'ready'
        WHERE o.state = 'fulfilled' AND i.kind = 'new_line' AND i.state = 'done'
        GROUP BY o.number, i.position HAVING count(s.profile_id) <> 1
        """,
    ),
    Check(
        "profile_nowhere",
        "a profile is on no line, not spare, kept for no order, and can be downloaded still",
        """
        SELECT 'profile ' || iccid, 'somebody''s', state FROM profile p
        WHERE line_id IS NULL AND NOT spare AND NOT final
          AND NOT EXISTS (SELECT FROM supply s JOIN sales_order o ON o.id = s.order_id
                          WHERE s.profile_id = p.id AND s.state = 'ready'
                            AND o.state IN ('paid', 'fulfilling', 'disputed'))
        """,
    ),
    Check(
        "spare_seen",
        "a profile is to be sold whose code a buyer has seen",
        """
        SELECT 'profile ' || iccid, 0, count(*) FROM profile p
        JOIN profile_showing w ON w.profile_id = p.id AND w.how <> 'shell'
        WHERE spare GROUP BY iccid
        """,
    ),
)

ALL = " UNION ALL ".join(
    f"SELECT '{check.name}', about, expected::text, found::text"
    f" FROM ({check.sql}) AS {check.name}(about, expected, found)"
    for check in CHECKS
)
