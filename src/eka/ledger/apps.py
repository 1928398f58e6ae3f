"""The ledger's Django app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Every table of Eka lives under this label."""

    name = "eka.ledger"
    label = "ledger"
