"""`eka doctor`: says what is wrong and how to mend it, to people and to programs."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from eka.cli.embedded import EmbeddedPostgres

Eka = Callable[..., "subprocess.CompletedProcess[str]"]


def findings(answer: "subprocess.CompletedProcess[str]") -> dict[str, dict[str, object]]:
    return {finding["name"]: finding for finding in json.loads(answer.stdout)["findings"]}


def test_a_new_installation_lacks_only_its_tables(eka: Eka, state: Path) -> None:
    answer = eka("doctor", "--json", EKA_STATE=str(state))
    found = findings(answer)
    wrong = [name for name, finding in found.items() if not finding["ok"]]
    assert [name for name in wrong if name != "Browser for tests"] == ["Tables"]
    assert found["Tables"]["mend"] == "Run `eka migrate`."
    assert answer.returncode == 1


def test_a_migrated_installation_is_healthy(eka: Eka, state: Path) -> None:
    migrated = eka("migrate", EKA_STATE=str(state))
    assert migrated.returncode == 0, migrated.stderr
    answer = eka("doctor", EKA_STATE=str(state))
    assert answer.returncode == 0, answer.stdout
    assert "WRONG" not in answer.stdout


def test_an_unreachable_database_is_a_finding_not_a_traceback(eka: Eka, state: Path) -> None:
    url = f"postgresql://eka@%2F{state.name}-nowhere/eka"
    answer = eka("doctor", "--json", "--database", url, EKA_STATE=str(state))
    assert answer.returncode == 1
    assert "cannot be reached" in str(findings(answer)["Database"]["says"])
    assert answer.stderr == ""


def test_a_server_that_does_not_wait_for_the_disk_is_wrong(eka: Eka, state: Path) -> None:
    with EmbeddedPostgres.ephemeral() as database:
        answer = eka("doctor", "--json", DATABASE_URL=database.url, EKA_STATE=str(state))
    durability = findings(answer)["Durability"]
    assert not durability["ok"]
    assert "fsync, full_page_writes, synchronous_commit off" in str(durability["says"])


def test_a_state_folder_that_is_a_file_is_wrong(eka: Eka, state: Path) -> None:
    state.write_text("")
    found = findings(eka("doctor", "--json", EKA_STATE=str(state)))
    assert not found["State folder"]["ok"]
    assert not found["Database"]["ok"]


def test_a_password_in_an_address_is_not_repeated(eka: Eka, state: Path) -> None:
    answer = eka("doctor", DATABASE_URL="postgresql://eka:sesame@[/eka", EKA_STATE=str(state))
    assert answer.returncode == 1
    assert "cannot be read" in answer.stdout
    assert "sesame" not in answer.stdout + answer.stderr


def test_commands_say_in_a_sentence_that_the_database_is_away(eka: Eka) -> None:
    answer = eka("migrate", "--check", "--database", "postgresql://eka:sesame@127.0.0.1:1/eka")
    assert answer.returncode == 2
    assert answer.stderr.startswith("The database cannot be reached")
    assert "Traceback" not in answer.stderr
    assert "sesame" not in answer.stderr


def test_commands_say_that_the_tables_are_missing(eka: Eka) -> None:
    with EmbeddedPostgres.ephemeral() as database:
        answer = eka("migrate", "--check", DATABASE_URL=database.url)
    assert answer.returncode == 1
    assert answer.stderr.startswith("Not applied: ")


def test_a_command_that_does_not_exist_is_a_wrong_call(eka: Eka) -> None:
    assert eka("fly").returncode == 2


def test_help_needs_no_database(eka: Eka) -> None:
    answer = eka("--help", DATABASE_URL="postgresql://eka@127.0.0.1:1/eka")
    assert answer.returncode == 0
    assert "doctor" in answer.stdout
