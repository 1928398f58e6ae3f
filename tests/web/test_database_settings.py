"""The database's address, from the forms that libpq reads to Django's settings."""

import psycopg
import pytest

from eka.web.database import database_settings

PLACE = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


def place(url: str) -> list[str]:
    settings = database_settings(url)
    return [settings[name] for name in PLACE]


def test_an_ordinary_address() -> None:
    url = "postgresql://eka:s%40same@db.example:5433/shop"
    assert place(url) == ["shop", "eka", "s@same", "db.example", "5433"]


def test_a_socket_folder_is_percent_encoded() -> None:
    assert place("postgresql://eka@%2Frun%2Feka/eka") == ["eka", "eka", "", "/run/eka", ""]


def test_other_parameters_are_passed_on() -> None:
    url = "postgresql:///eka?options=-c%20search_path%3Dbench&sslmode=verify-full"
    assert database_settings(url)["OPTIONS"] == {
        "options": "-c search_path=bench",
        "sslmode": "verify-full",
        "connect_timeout": 5,
        "prepare_threshold": 5,
        "server_side_binding": True,
    }


def test_without_an_address_libpq_decides() -> None:
    assert place("") == ["", "", "", "", ""]


def test_an_unreadable_address_is_refused() -> None:
    with pytest.raises(psycopg.ProgrammingError):
        database_settings("shop")
