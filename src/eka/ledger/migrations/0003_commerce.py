import django.db.models.deletion
from django.db import migrations, models

# What is added is never changed; `refuse_change` came with the first migration. And a journal's
# postings add up to nothing, which is looked at when the transaction ends.
BOOKS_HOLD = """
CREATE TRIGGER order_event_append_only BEFORE UPDATE OR DELETE ON order_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER wallet_movement_append_only BEFORE UPDATE OR DELETE ON wallet_movement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_append_only BEFORE UPDATE OR DELETE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_imbalance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM posting WHERE journal_id = NEW.journal_id
               GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'journal % does not balance', NEW.journal_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER posting_balances AFTER INSERT ON posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.position = 0) EXECUTE FUNCTION refuse_imbalance();
"""
FORGET_BOOKS_HOLD = """
DROP FUNCTION refuse_imbalance CASCADE;
DROP TRIGGER posting_append_only ON posting;
DROP TRIGGER journal_append_only ON journal;
DROP TRIGGER wallet_movement_append_only ON wallet_movement;
DROP TRIGGER order_event_append_only ON order_event;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_charging"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentPin",
            fields=[
                (
                    "subscriber",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="ledger.subscriber",
                    ),
                ),
                ("digest", models.TextField()),
                ("set_at", models.DateTimeField()),
                ("failures", models.IntegerField(default=0)),
                ("locked_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "payment_pin",
            },
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(unique=True)),
                ("version", models.IntegerField(default=1)),
                ("terms", models.JSONField()),
                ("stopped_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "promotion",
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                (
                    "subscriber",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="ledger.subscriber",
                    ),
                ),
                ("code", models.TextField(unique=True)),
            ],
            options={
                "db_table": "referral",
            },
        ),
        migrations.CreateModel(
            name="Shop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("terms", models.JSONField(default=dict)),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "shop",
            },
        ),
        migrations.AddField(
            model_name="plan",
            name="prices",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="plan",
            name="stock",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="plan",
            name="top_ups",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="email",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="referred_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.subscriber"
            ),
        ),
        migrations.CreateModel(
            name="GatewayNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("gateway", models.TextField()),
                ("event", models.TextField()),
                ("kind", models.TextField(default="")),
                ("received_at", models.DateTimeField()),
                ("report", models.JSONField(default=dict)),
                ("outcome", models.TextField(default="")),
                ("times", models.IntegerField(default=1)),
                ("payment_number", models.TextField(default="")),
            ],
            options={
                "db_table": "gateway_notice",
                "indexes": [
                    models.Index(fields=["payment_number"], name="gateway_notice_of_payment")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("gateway", "event"), name="gateway_notice_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="GiftCard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.TextField(unique=True)),
                ("shown", models.TextField()),
                ("batch", models.TextField()),
                ("gives", models.JSONField()),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("redeemed_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
                (
                    "line",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.line"
                    ),
                ),
                (
                    "redeemed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="ledger.subscriber",
                    ),
                ),
            ],
            options={
                "db_table": "gift_card",
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.TextField(unique=True)),
                ("key", models.TextField(unique=True)),
                ("email", models.TextField(default="")),
                ("language", models.TextField(default="en")),
                ("state", models.TextField(default="quoted")),
                ("currency", models.TextField()),
                ("subtotal", models.BigIntegerField()),
                ("discount", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField()),
                ("code", models.TextField(default="")),
                ("promise", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("deadline", models.DateTimeField()),
                ("paid_at", models.DateTimeField(null=True)),
                ("fulfilled_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("next_due", models.DateTimeField(null=True)),
                ("automatic", models.BooleanField(default=False)),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.subscriber"
                    ),
                ),
            ],
            options={
                "db_table": "sales_order",
            },
        ),
        migrations.CreateModel(
            name="MoneyIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("gateway", models.TextField()),
                ("transaction", models.TextField()),
                ("currency", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("role", models.TextField()),
                ("at", models.DateTimeField()),
                ("heard_at", models.DateTimeField()),
                ("fee", models.BigIntegerField(null=True)),
                ("given_back", models.BigIntegerField(default=0)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="money",
                        to="ledger.order",
                    ),
                ),
            ],
            options={
                "db_table": "money_in",
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField(unique=True)),
                ("event", models.TextField()),
                ("facts", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "line",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.line"
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.subscriber"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.order"
                    ),
                ),
            ],
            options={
                "db_table": "message",
            },
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField(unique=True)),
                ("event", models.TextField()),
                ("at", models.DateTimeField()),
                ("facts", models.JSONField(default=dict)),
                (
                    "line",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.line"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.order"
                    ),
                ),
            ],
            options={
                "db_table": "journal",
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("gateway", models.TextField()),
                ("reference", models.TextField()),
                ("currency", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("state", models.TextField(default="open")),
                ("reason", models.TextField(default="")),
                ("respond_by", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("evidence", models.JSONField(default=dict)),
                (
                    "money",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.moneyin"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="ledger.order",
                    ),
                ),
            ],
            options={
                "db_table": "dispute",
            },
        ),
        migrations.CreateModel(
            name="Deferral",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.IntegerField()),
                ("nth", models.IntegerField()),
                ("currency", models.TextField()),
                ("value", models.BigIntegerField()),
                ("earned", models.BigIntegerField(default=0)),
                ("paid_at", models.DateTimeField()),
                ("bucket", models.IntegerField(null=True)),
                ("granted", models.BigIntegerField(null=True)),
                ("starts", models.DateTimeField(null=True)),
                ("ends", models.DateTimeField(null=True)),
                ("open", models.BooleanField(default=True)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.line"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.order"
                    ),
                ),
            ],
            options={
                "db_table": "deferral",
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField(unique=True)),
                ("kind", models.TextField()),
                ("facts", models.JSONField(default=dict)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("resolution", models.TextField(default="")),
                (
                    "order",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.order"
                    ),
                ),
            ],
            options={
                "db_table": "support_case",
            },
        ),
        migrations.CreateModel(
            name="OrderEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("event", models.TextField()),
                ("state", models.TextField()),
                ("facts", models.JSONField(default=dict)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="ledger.order",
                    ),
                ),
            ],
            options={
                "db_table": "order_event",
            },
        ),
        migrations.CreateModel(
            name="OrderItem",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "order_id",
                        "position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("position", models.IntegerField()),
                ("kind", models.TextField()),
                ("terms", models.JSONField()),
                ("price", models.BigIntegerField()),
                ("discount", models.BigIntegerField(default=0)),
                ("gives", models.JSONField(default=dict)),
                ("state", models.TextField(default="open")),
                ("done_at", models.DateTimeField(null=True)),
                ("first_entry", models.IntegerField(null=True)),
                ("last_entry", models.IntegerField(null=True)),
                (
                    "line",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.line"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="ledger.order",
                    ),
                ),
                (
                    "plan_version",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="ledger.planversion",
                    ),
                ),
            ],
            options={
                "db_table": "order_item",
            },
        ),
        migrations.CreateModel(
            name="Outbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField(unique=True)),
                ("kind", models.TextField()),
                ("payload", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
                ("due", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("last_error", models.TextField(default="")),
                ("done_at", models.DateTimeField(null=True)),
                ("gave_up_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "outbox",
                "indexes": [
                    models.Index(
                        condition=models.Q(("due__isnull", False)),
                        fields=["due", "id"],
                        name="outbox_due",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.TextField(unique=True)),
                ("gateway", models.TextField()),
                ("way", models.TextField()),
                ("currency", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("state", models.TextField(default="beginning")),
                ("reference", models.TextField(default="")),
                ("url", models.TextField(default="")),
                ("qr", models.TextField(default="")),
                ("fields", models.JSONField(default=dict)),
                ("save_method", models.BooleanField(default=False)),
                ("begun_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(default="")),
                ("next_look", models.DateTimeField(null=True)),
                ("looks", models.IntegerField(default=0)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="ledger.order",
                    ),
                ),
            ],
            options={
                "db_table": "payment",
            },
        ),
        migrations.AddField(
            model_name="moneyin",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="money",
                to="ledger.payment",
            ),
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "journal_id",
                        "position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("position", models.IntegerField()),
                ("account", models.TextField()),
                ("currency", models.TextField()),
                ("amount", models.BigIntegerField()),
                (
                    "journal",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="ledger.journal",
                    ),
                ),
            ],
            options={
                "db_table": "posting",
            },
        ),
        migrations.CreateModel(
            name="PromotionUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("state", models.TextField(default="held")),
                ("at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promotion_uses",
                        to="ledger.order",
                    ),
                ),
                (
                    "promotion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="ledger.promotion",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.subscriber"
                    ),
                ),
            ],
            options={
                "db_table": "promotion_use",
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("gateway", models.TextField()),
                ("day", models.DateField()),
                ("done_at", models.DateTimeField()),
                ("matched", models.IntegerField(default=0)),
                ("differences", models.JSONField(default=list)),
            ],
            options={
                "db_table": "reconciliation",
                "constraints": [
                    models.UniqueConstraint(fields=("gateway", "day"), name="reconciliation_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.TextField(unique=True)),
                ("key", models.TextField(unique=True)),
                ("currency", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("state", models.TextField(default="asked")),
                ("why", models.TextField()),
                ("whole", models.BooleanField(default=False)),
                ("reference", models.TextField(default="")),
                ("reason", models.TextField(default="")),
                ("asked_by", models.TextField(default="")),
                ("asked_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("facts", models.JSONField(default=dict)),
                (
                    "money",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="ledger.moneyin",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="ledger.order",
                    ),
                ),
            ],
            options={
                "db_table": "refund",
            },
        ),
        migrations.CreateModel(
            name="SavedMethod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("gateway", models.TextField()),
                ("token", models.TextField()),
                ("token_digest", models.TextField()),
                ("payer", models.TextField(default="")),
                ("shown", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.subscriber"
                    ),
                ),
            ],
            options={
                "db_table": "saved_method",
            },
        ),
        migrations.AddField(
            model_name="payment",
            name="method",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.savedmethod"
            ),
        ),
        migrations.CreateModel(
            name="AutoRenewal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("method", models.TextField()),
                ("plan_name", models.TextField()),
                ("currency", models.TextField()),
                ("price", models.BigIntegerField()),
                ("when_low", models.BooleanField(default=False)),
                ("text", models.TextField()),
                ("language", models.TextField(default="en")),
                ("consented_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.TextField(default="")),
                ("next_due", models.DateTimeField(null=True)),
                ("step", models.TextField(default="")),
                ("for_end", models.DateTimeField(null=True)),
                ("tries", models.IntegerField(default=0)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.line"
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ledger.subscriber"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.order"
                    ),
                ),
                (
                    "saved_method",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="ledger.savedmethod",
                    ),
                ),
            ],
            options={
                "db_table": "auto_renewal",
            },
        ),
        migrations.CreateModel(
            name="Wallet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.TextField()),
                ("balance", models.BigIntegerField(default=0)),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="ledger.subscriber",
                    ),
                ),
            ],
            options={
                "db_table": "wallet",
            },
        ),
        migrations.CreateModel(
            name="WalletMovement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField(unique=True)),
                ("at", models.DateTimeField()),
                ("kind", models.TextField()),
                ("amount", models.BigIntegerField()),
                ("balance_after", models.BigIntegerField()),
                ("reason", models.TextField(default="")),
                (
                    "order",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.order"
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="ledger.wallet",
                    ),
                ),
            ],
            options={
                "db_table": "wallet_movement",
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("next_due__isnull", False)),
                fields=["next_due"],
                name="order_due",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["subscriber", "-id"], name="order_of_subscriber"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("total__gte", 0), ("discount__gte", 0), ("subtotal__gte", 0)),
                name="order_not_negative",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["subscriber", "-id"], name="message_of_subscriber"),
        ),
        migrations.AddIndex(
            model_name="journal",
            index=models.Index(fields=["at"], name="journal_at"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.UniqueConstraint(
                fields=("gateway", "reference"), name="dispute_once"
            ),
        ),
        migrations.AddIndex(
            model_name="deferral",
            index=models.Index(
                condition=models.Q(("open", True)), fields=["line"], name="deferral_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="deferral",
            constraint=models.UniqueConstraint(
                fields=("order", "position", "nth"), name="deferral_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="deferral",
            constraint=models.CheckConstraint(
                condition=models.Q(("earned__gte", 0), ("earned__lte", models.F("value"))),
                name="deferral_earned_within_value",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["opened_at"],
                name="case_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyin",
            constraint=models.UniqueConstraint(
                fields=("gateway", "transaction"), name="money_in_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyin",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role", "credited")), fields=("order",), name="order_paid_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyin",
            constraint=models.CheckConstraint(
                condition=models.Q(("given_back__gte", 0), ("given_back__lte", models.F("amount"))),
                name="never_more_back_than_came",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["account", "currency"], name="posting_account"),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="posting_of_something"
            ),
        ),
        migrations.AddIndex(
            model_name="promotionuse",
            index=models.Index(
                condition=models.Q(("state", "released"), _negated=True),
                fields=["promotion", "subscriber"],
                name="promotion_used_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotionuse",
            constraint=models.UniqueConstraint(
                fields=("order", "promotion"), name="promotion_use_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="savedmethod",
            constraint=models.UniqueConstraint(
                fields=("subscriber", "gateway", "token_digest"), name="saved_method_once"
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("next_look__isnull", False)),
                fields=["next_look"],
                name="payment_due",
            ),
        ),
        migrations.AddIndex(
            model_name="autorenewal",
            index=models.Index(
                condition=models.Q(("next_due__isnull", False)),
                fields=["next_due"],
                name="auto_renewal_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="autorenewal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("line",),
                name="one_consent_a_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="wallet",
            constraint=models.UniqueConstraint(
                fields=("subscriber", "currency"), name="wallet_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="wallet",
            constraint=models.CheckConstraint(
                condition=models.Q(("balance__gte", 0)), name="wallet_not_negative"
            ),
        ),
        migrations.RunSQL(BOOKS_HOLD, FORGET_BOOKS_HOLD),
    ]
