"""What every test may ask for.

Tests run on a database of their own: a throw-away PostgreSQL that starts when the first test needs
it, or the server that DATABASE_URL names. Two clones can test at the same time.
"""

import os
import tempfile
from collections.abc import Iterator

import hypothesis
import pytest
import pytest_django
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck

from eka.cli.embedded import EmbeddedPostgres
from eka.ledger import plans
from eka.web.database import database_settings


@pytest.fixture(scope="session", autouse=True)
def _no_test_touches_a_shop() -> Iterator[None]:
    """The state folder of this checkout may be someone's shop: tests get one of their own."""
    with tempfile.TemporaryDirectory(prefix="eka-test-state-") as folder:
        os.environ["EKA_STATE"] = folder
        yield
        del os.environ["EKA_STATE"]


# No test asserts how long something takes, so Hypothesis may not either. At the gate the same
# examples are tried every time; whoever works here explores others with each run.
UNHURRIED = hypothesis.settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.register_profile("exploring", UNHURRIED)
hypothesis.settings.register_profile("gate", UNHURRIED, derandomize=True)
hypothesis.settings.load_profile("gate" if os.environ.get("CI") else "exploring")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The server for this run; Django makes its test database on it."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with EmbeddedPostgres.ephemeral() as database:
        yield database.url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    postgres_url: str,
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Point Django, which is set up already, at this run's server."""
    for target in (settings.DATABASES["default"], connection.settings_dict):
        target.update(database_settings(postgres_url))


# ------------------------------------------------------------------- rows that others can see


@pytest.fixture
def _connection_of_its_own(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture
def committed_ledger(_connection_of_its_own: None, transactional_db: None) -> Iterator[None]:
    """The ledger's tables for stories of several writers: what they commit is emptied afterwards.

    What is append-only refuses that; so pytest-django, which comes next, does it as a replica, for
    which no trigger fires, and then that connection is closed.
    """
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    plans.forget()
