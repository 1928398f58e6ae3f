import django.utils.timezone
from django.db import migrations, models

# What sessions that are there already were called, and when they began as far as is known.
NAME_OLD_SESSIONS = "UPDATE session SET name = id, started_at = seen_at"

# Who keeps the plans on sale in memory hears of a new version.
TELL_OF_PLANS = """
CREATE FUNCTION tell_of_plans() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('eka_plans', '');
    RETURN NULL;
END $$;
CREATE TRIGGER plan_version_told AFTER INSERT ON plan_version
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_plans();
"""

# Rows of the hot path's one statement, as `eka.ledger.composites` writes them.
ROWS_OF_THE_HOT_PATH = """
CREATE TYPE charged_line AS (
    line_id bigint, revision bigint, entry_count integer, as_of timestamptz, next_due timestamptz,
    day_starts timestamptz, day_used bigint, unserved bigint, overage jsonb, used bigint,
    beyond bigint, alerted jsonb
);
CREATE TYPE charged_bucket AS (line_id bigint, number integer, bytes_left bigint, open boolean);
CREATE TYPE charged_session AS (
    line_id bigint, id text, open boolean, reserved bigint, last_number bigint,
    seen_at timestamptz, valid_until timestamptz, final boolean, used bigint, unserved bigint,
    recorded bigint, closed_by text
);
CREATE TYPE begun_session AS (
    line_id bigint, id text, open boolean, reserved bigint, last_number bigint,
    seen_at timestamptz, valid_until timestamptz, final boolean, used bigint, unserved bigint,
    recorded bigint, closed_by text, name text, started_at timestamptz, facts jsonb
);
CREATE TYPE given_answer AS (
    line_id bigint, session_id text, number bigint, granted bigint, final boolean, result text,
    validity integer
);
CREATE TYPE told_entry AS (
    line_id bigint, number integer, at timestamptz, code text, bytes bigint, bucket integer,
    "into" integer, kind text, reason text, figures jsonb
);
"""
FORGET_ROWS = "".join(
    f"DROP TYPE {name};"
    for name in (
        *("charged_line", "charged_bucket", "charged_session"),
        *("begun_session", "given_answer", "told_entry"),
    )
)


def _text(model: str, name: str) -> migrations.AddField:
    return migrations.AddField(model, name, models.TextField(default=""))


def _count(model: str, name: str) -> migrations.AddField:
    return migrations.AddField(model, name, models.BigIntegerField(default=0))


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.AddField(
            "linestate", "revision", models.BigIntegerField(db_default=0, default=0)
        ),
        _text("session", "name"),
        migrations.AddField(
            "session",
            "started_at",
            models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AddField("session", "valid_until", models.DateTimeField(null=True)),
        migrations.AddField("session", "final", models.BooleanField(default=False)),
        _count("session", "used"),
        _count("session", "unserved"),
        _count("session", "recorded"),
        _text("session", "closed_by"),
        migrations.AddField("session", "told", models.BigIntegerField(db_default=0, default=0)),
        migrations.AddField("session", "facts", models.JSONField(default=dict)),
        migrations.AddField("sessionanswer", "validity", models.IntegerField(null=True)),
        migrations.RunSQL(NAME_OLD_SESSIONS, migrations.RunSQL.noop),
        migrations.AddIndex(
            "session",
            models.Index(fields=["line"], name="session_open", condition=models.Q(("open", True))),
        ),
        migrations.AddIndex("session", models.Index(fields=["name"], name="session_name")),
        migrations.RunSQL(ROWS_OF_THE_HOT_PATH, FORGET_ROWS),
        migrations.RunSQL(TELL_OF_PLANS, "DROP FUNCTION tell_of_plans CASCADE"),
    ]
