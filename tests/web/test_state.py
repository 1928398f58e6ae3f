"""The state folder and the secret key in it."""

import stat
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from eka.web.state import secret_key, state_folder


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder that does not exist yet, and no key from outside."""
    monkeypatch.setenv("EKA_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("EKA_SECRET_KEY", raising=False)
    return tmp_path / "state"


def test_the_key_is_made_once_and_nobody_else_can_read_it(state: Path) -> None:
    key = secret_key()
    assert len(key) >= 50
    assert secret_key() == key
    assert stat.S_IMODE((state / "secret-key").stat().st_mode) == 0o600


def test_two_installations_have_two_keys(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = secret_key()
    monkeypatch.setenv("EKA_STATE", str(state.with_name("other")))
    assert secret_key() != key


def test_many_who_start_at_once_get_the_same_key(state: Path) -> None:
    with ThreadPool(16) as pool:
        keys = pool.map(lambda _: secret_key(), range(64))
    assert len(set(keys)) == 1
    assert [path.name for path in state.iterdir()] == ["secret-key"]


def test_a_key_from_outside_leaves_no_file(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKA_SECRET_KEY", "from outside")
    assert secret_key() == "from outside"
    assert not state.exists()


def test_a_checkout_keeps_its_state_beside_its_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EKA_STATE", raising=False)
    assert state_folder() == Path(__file__).resolve().parents[2] / ".eka"
