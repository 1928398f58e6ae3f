from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.DeleteModel(name="UsageImport"),
        migrations.CreateModel(
            name="UsageImport",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "digest",
                        "lane",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("digest", models.TextField()),
                ("lane", models.IntegerField()),
                ("lanes", models.IntegerField()),
                ("file_name", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("rows_done", models.BigIntegerField(default=0)),
                ("accepted", models.BigIntegerField(default=0)),
                ("repeated", models.BigIntegerField(default=0)),
                ("rejected", models.BigIntegerField(default=0)),
                ("unserved", models.BigIntegerField(default=0)),
                ("finished", models.BooleanField(default=False)),
            ],
            options={"db_table": "usage_import"},
        ),
    ]
