"""The subscriber's pages as a Django app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Templates and static files live below this folder."""

    name = "eka.portal"
    label = "portal"
