"""The state folder: what one installation keeps on disk beside its database.

It holds the secret key and, where no DATABASE_URL is given, the embedded database.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path


def state_folder() -> Path:
    """The folder of this installation, absolute; it need not exist yet.

    EKA_STATE if set; in a checkout `.eka` beside pyproject.toml; else in the user's data folder.
    """
    if chosen := os.environ.get("EKA_STATE"):
        return Path(chosen).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".eka"
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home) / "eka"


def make_state_folder(folder: Path) -> None:
    """Create `folder`: others may pass through (the database's system user), not look in."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(0o711)


def secret_key() -> str:
    """Django's signing key: EKA_SECRET_KEY, else a file made at the first start, mode 0600.

    Errors: OSError if the state folder can be neither read nor written.
    """
    if given := os.environ.get("EKA_SECRET_KEY"):
        return given
    return read_or_make("secret-key", lambda: secrets.token_urlsafe(48))


def read_or_make(name: str, make: Callable[[], str]) -> str:
    """The text of a secret in the state folder, made by `make` when first asked for; mode 0600.

    Errors: OSError if the state folder can be neither read nor written.
    """
    path = state_folder() / name
    if not path.exists():
        make_state_folder(path.parent)
        _write_once(path, make())
    return path.read_text(encoding="ascii")


def _write_once(path: Path, text: str) -> None:
    # Two processes may start at once. Linking a finished file lets the first one win, and nobody
    # ever reads half a key. mkstemp makes the file 0600.
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(name, path)
    Path(name).unlink()
