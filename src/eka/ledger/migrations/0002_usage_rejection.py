from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="UsageRejection",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "digest",
                        "row",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("digest", models.TextField()),
                ("row", models.BigIntegerField()),
                ("code", models.TextField()),
                ("reason", models.TextField()),
                ("fields", models.JSONField()),
            ],
            options={"db_table": "usage_rejection"},
        ),
        # Row triggers of a partitioned table hold for its partitions; this one, for a statement,
        # has to be made on each (eka.ledger.partitions does so for the months).
        migrations.RunSQL(
            "CREATE TRIGGER entry_no_truncate BEFORE TRUNCATE ON entry_default"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
            "DROP TRIGGER entry_no_truncate ON entry_default",
        ),
    ]
