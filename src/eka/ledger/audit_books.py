"""What must hold of the whole shop's money, as SQL: each check finds what it does not hold of.

A check is a SELECT of what it is about (an order, a wallet, an account), what was expected, what
was found. Where an account is to agree with rows, both are compared order by order if they can be,
so that a difference is told with its order.
"""

from eka.ledger.audit_checks import Check

# An order's journals sum up what is still owed for it.
SETS = """
WITH of_orders AS MATERIALIZED (
    SELECT order_id, account, currency, sum(amount) AS amount
    FROM posting JOIN journal ON id = journal_id
    WHERE account IN ('customer_prepayments', 'deferred_data') GROUP BY 1, 2, 3
), of_accounts AS MATERIALIZED (
    SELECT account, currency, sum(amount) AS amount FROM posting GROUP BY 1, 2
), refunded AS MATERIALIZED (
    SELECT money_id, sum(amount) AS asked,
           coalesce(sum(amount) FILTER (WHERE state <> 'failed'), 0) AS given_back,
           coalesce(sum(amount) FILTER (WHERE state = 'done'), 0) AS done
    FROM refund WHERE money_id IS NOT NULL GROUP BY 1
), uses AS MATERIALIZED (
    SELECT order_id, sum(amount) AS amount,
           array_agg(DISTINCT promotion_use.state) AS states,
           bool_and(promotion_use.currency = o.currency) AS same_currency
    FROM promotion_use JOIN sales_order o ON o.id = order_id GROUP BY 1
)
"""


def _owed(account: str, rows: str) -> str:
    """An account of something owed, against the rows (currency, amount) that say how much."""
    return f"""
        SELECT '{account} ' || currency, -coalesce(owed.amount, 0), coalesce(kept.amount, 0)
        FROM (SELECT currency, sum(amount) AS amount FROM ({rows}) AS each(currency, amount)
              GROUP BY 1) AS owed
        FULL JOIN (SELECT * FROM of_accounts WHERE account = '{account}') AS kept USING (currency)
        WHERE -coalesce(owed.amount, 0) <> coalesce(kept.amount, 0)
    """


def _owed_by_order(account: str, rows: str) -> str:
    """The same for an account that is kept by order: rows are (order, currency, amount)."""
    return f"""
        SELECT coalesce('order ' || number, 'no order'), -coalesce(owed.amount, 0),
               coalesce(kept.amount, 0)
        FROM (SELECT order_id, currency, sum(amount) AS amount
              FROM ({rows}) AS each(order_id, currency, amount) GROUP BY 1, 2) AS owed
        FULL JOIN (SELECT order_id, currency, amount FROM of_orders WHERE account = '{account}')
            AS kept ON kept.order_id = owed.order_id AND kept.currency = owed.currency
        LEFT JOIN sales_order o ON o.id = coalesce(owed.order_id, kept.order_id)
        WHERE -coalesce(owed.amount, 0) <> coalesce(kept.amount, 0)
    """


def _not_taken_back(role: str) -> str:
    """Money of this role that nobody has asked to send back."""
    return f"""
        SELECT currency, greatest(0, amount - coalesce(asked, 0))
        FROM money_in LEFT JOIN refunded ON money_id = id WHERE role = '{role}'
    """


CHECKS = (
    Check(
        "journal_balance",
        "a journal's postings do not add up to nothing",
        """
        SELECT 'journal ' || key, 0, sum(amount)
        FROM journal JOIN posting ON journal_id = id
        GROUP BY key, currency HAVING sum(amount) <> 0
        """,
    ),
    Check(
        "journal_postings",
        "a journal's postings are not numbered from 0 on, or it has none",
        """
        SELECT 'journal ' || key, count(position), coalesce(max(position), -1) + 1
        FROM journal LEFT JOIN posting ON journal_id = id GROUP BY key
        HAVING count(position) = 0 OR min(position) <> 0 OR max(position) + 1 <> count(position)
        """,
    ),
    Check(
        "wallet_sum",
        "a wallet's balance is not the sum of its movements",
        """
        SELECT 'wallet ' || w.id, coalesce(sum(m.amount), 0), w.balance
        FROM wallet w LEFT JOIN wallet_movement m ON m.wallet_id = w.id
        GROUP BY w.id HAVING coalesce(sum(m.amount), 0) <> w.balance
        """,
    ),
    Check(
        "wallet_order",
        "a wallet movement does not go on from the balance before it",
        """
        SELECT 'wallet ' || wallet_id, coalesce(before, 0) + amount, balance_after
        FROM (SELECT *, lag(balance_after) OVER (PARTITION BY wallet_id ORDER BY id) AS before
              FROM wallet_movement) AS m
        WHERE coalesce(before, 0) + amount <> balance_after
        """,
    ),
    Check(
        "wallets",
        "the books do not owe what is in the wallets",
        _owed("wallets", "SELECT currency, balance FROM wallet"),
    ),
    Check(
        "deferred_data",
        "the books do not owe what an order's data has not yet earned",
        _owed_by_order(
            "deferred_data",
            "SELECT order_id, currency, value - earned FROM deferral WHERE open",
        ),
    ),
    Check(
        "customer_prepayments",
        "the books do not owe what was paid for an order that is not yet delivered",
        _owed_by_order(
            "customer_prepayments",
            """
            SELECT id, currency, total FROM sales_order o
            WHERE paid_at IS NOT NULL AND fulfilled_at IS NULL AND total > 0
              AND NOT EXISTS (SELECT FROM refund WHERE order_id = o.id AND whole)
              AND NOT EXISTS (SELECT FROM dispute WHERE order_id = o.id AND state = 'lost')
            """,
        ),
    ),
    Check(
        "refunds_due",
        "the books do not owe the refunds that are on their way",
        _owed(
            "refunds_due",
            "SELECT currency, amount FROM refund WHERE state IN ('asked', 'pending')",
        ),
    ),
    Check(
        "surplus_due",
        "the books do not owe the surplus money that is not yet on its way back",
        _owed("surplus_due", _not_taken_back("surplus")),
    ),
    Check(
        "suspense",
        "the books do not hold the money about which a person has to decide",
        _owed("suspense", _not_taken_back("mismatch")),
    ),
    Check(
        "disputes",
        "the books do not tell what the open disputes hold",
        _owed("disputes", "SELECT currency, -amount FROM dispute WHERE state = 'open'"),
    ),
    Check(
        "money_journal",
        "money that came is not in the books",
        """
        SELECT 'money ' || m.gateway || ' ' || transaction, m.amount, coalesce(sum(p.amount), 0)
        FROM money_in m JOIN sales_order o ON o.id = m.order_id
        LEFT JOIN journal j
               ON j.event IN ('money_received', 'surplus_received', 'mismatch_received')
              AND j.key = j.event || ':' || o.number || ':' || m.id
        LEFT JOIN posting p ON p.journal_id = j.id AND p.currency = m.currency
                           AND p.account = 'gateway:' || m.gateway
        GROUP BY m.id HAVING coalesce(sum(p.amount), 0) <> m.amount
        """,
    ),
    Check(
        "money_credited",
        "the money that pays an order is not what the order costs",
        """
        SELECT 'order ' || number, total || ' ' || o.currency, m.amount || ' ' || m.currency
        FROM money_in m JOIN sales_order o ON o.id = m.order_id
        WHERE role = 'credited' AND (m.amount <> total OR m.currency <> o.currency)
        """,
    ),
    Check(
        "given_back",
        "what money was given back is not the sum of its refunds",
        """
        SELECT 'money ' || gateway || ' ' || transaction, coalesce(refunded.given_back, 0),
               m.given_back
        FROM money_in m LEFT JOIN refunded ON money_id = id
        WHERE m.given_back <> coalesce(refunded.given_back, 0)
        """,
    ),
    Check(
        "refunded_too_much",
        "more was refunded than came",
        """
        SELECT 'money ' || gateway || ' ' || transaction, m.amount, done
        FROM money_in m JOIN refunded ON money_id = id WHERE done > m.amount
        """,
    ),
    Check(
        "order_items",
        "an order's sums are not those of its items",
        """
        SELECT 'order ' || number,
               coalesce(sum(price), 0) || ' - ' || coalesce(sum(i.discount), 0),
               subtotal || ' - ' || o.discount || ' = ' || total
        FROM sales_order o LEFT JOIN order_item i ON i.order_id = o.id GROUP BY o.id
        HAVING coalesce(sum(price), 0) <> subtotal OR coalesce(sum(i.discount), 0) <> o.discount
            OR subtotal - o.discount <> total
        """,
    ),
    Check(
        "order_done",
        "an order counts as fulfilled, and something of it was not delivered",
        """
        SELECT 'order ' || number, count(*), count(*) FILTER (WHERE i.state <> 'open')
        FROM sales_order o JOIN order_item i ON i.order_id = o.id
        WHERE o.state = 'fulfilled' GROUP BY o.id HAVING NOT bool_and(i.state <> 'open')
        """,
    ),
    Check(
        "order_discount",
        "an order's discount is not what its promotions took off",
        """
        SELECT 'order ' || number, discount, coalesce(uses.amount, 0)
        FROM sales_order o LEFT JOIN uses ON order_id = id
        -- What was only quoted holds nothing yet, and may have ended so.
        WHERE (order_id IS NOT NULL OR o.state NOT IN ('quoted', 'expired', 'cancelled'))
          AND (discount <> coalesce(uses.amount, 0) OR NOT coalesce(same_currency, true))
        """,
    ),
    Check(
        "promotion_state",
        "a promotion does not count as used by an order that has it, or does by one that has not",
        """
        SELECT 'order ' || number, wanted.states, uses.states
        FROM sales_order o JOIN uses ON order_id = id
        JOIN (VALUES ('quoted', ARRAY['held']), ('awaiting_payment', ARRAY['held']),
                     ('paid', ARRAY['used']), ('fulfilling', ARRAY['used']),
                     ('fulfilled', ARRAY['used']), ('expired', ARRAY['released']),
                     ('cancelled', ARRAY['released'])) AS wanted(state, states)
          ON wanted.state = o.state
        WHERE wanted.states <> uses.states
        """,
    ),
    Check(
        "earned_journal",
        "what an allowance has earned is not what its journals say",
        """
        SELECT 'deferral ' || d.id, coalesce(sum(p.amount), 0), d.earned
        FROM deferral d
        LEFT JOIN journal j ON j.event = 'earned' AND split_part(j.key, ':', 2) = d.id::text
        LEFT JOIN posting p ON p.journal_id = j.id AND p.account = 'deferred_data'
                           AND p.currency = d.currency
        GROUP BY d.id HAVING coalesce(sum(p.amount), 0) <> d.earned
        """,
    ),
    Check(
        "deferral_closed",
        "an allowance is closed before all of it was earned, and its item was not returned",
        """
        SELECT 'deferral ' || d.id, d.value, d.earned
        FROM deferral d JOIN order_item i USING (order_id, position)
        WHERE NOT d.open AND d.earned < d.value AND i.state <> 'returned'
        """,
    ),
    Check(
        "item_value",
        "what an item's allowances are worth is not what was paid for it",
        """
        SELECT 'order ' || number || ', item ' || i.position, price - i.discount,
               coalesce(sum(d.value), 0)
        FROM order_item i JOIN sales_order o ON o.id = i.order_id
        LEFT JOIN deferral d ON d.order_id = i.order_id AND d.position = i.position
        WHERE i.kind <> 'wallet' AND i.state <> 'open'
        GROUP BY o.id, i.order_id, i.position HAVING coalesce(sum(d.value), 0) <> price - i.discount
        """,
    ),
)

ALL = SETS + " UNION ALL ".join(
    f"SELECT '{check.name}', about, expected::text, found::text"
    f" FROM ({check.sql}) AS {check.name}(about, expected, found)"
    for check in CHECKS
)
