"""`eka migrate`: bring the database's tables up to date."""

import click

from eka.cli.options import database_option
from eka.cli.problems import AnswerIsNo

# Any number will do as long as it is always the same: two servers that are upgraded at once take
# turns. "eka" in ASCII.
_LOCK = 0x656B61


@click.command()
@click.option("--check", is_flag=True, help="Only say what is missing; exit 1 if anything is.")
@database_option
def migrate(check: bool) -> None:
    """Bring the database's tables up to date."""
    from django.core.management import call_command
    from django.db import ProgrammingError, connection

    if check:
        if missing := missing_migrations():
            raise AnswerIsNo("Not applied: " + ", ".join(missing))
        click.echo("The database's tables are up to date.")
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            call_command("migrate", interactive=False)
        except ProgrammingError as error:
            # Not the caller's fault, so not the sentence that a wrong call gets.
            raise RuntimeError("A migration of this version is defective") from error
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def missing_migrations() -> list[str]:
    """Names (`app.migration`) of what the code has and the database does not.

    Errors: django.db.OperationalError if the database does not answer.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
