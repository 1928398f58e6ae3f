"""The embedded PostgreSQL: a real server on a Unix socket, for who has none of their own.

    with EmbeddedPostgres() as database:
        psycopg.connect(database.url)

Any number of processes may use one at the same time; the first starts it, the last stops it. Three
locks in the state folder decide that, and none of them can outlive its holders:

    turn    held while one process starts or stops the server, so that two never do so at once
    users   shared by all who use the server; who can take it alone is the last
    server  inherited by every process of the server itself: free means that none of them lives

So a server that survives the kill -9 of its user is found and used by the next one, and the traces
of a server that died are cleared only when it is certain that it is dead.
"""

import atexit
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from eka.cli.cluster import DURABLE, THROWAWAY, Cluster
from eka.cli.locks import Lock
from eka.cli.places import recorded_home
from eka.cli.postgres_failures import explained
from eka.cli.problems import CallWrong
from eka.web.state import make_state_folder, state_folder


class EmbeddedPostgres:
    """One server for one state folder, started when first used.

    Errors of `start`: CallWrong with a sentence for a person (disk full, no permission, no binary
    for this platform, data of another PostgreSQL version, ...).
    """

    def __init__(self, state: Path | None = None) -> None:
        self.state = state or state_folder()
        self._turn = Lock(self.state / "turn.lock")
        self._users = Lock(self.state / "users.lock")
        self._settings = DURABLE
        self._cluster: Cluster | None = None
        self._url: str | None = None

    @classmethod
    def ephemeral(cls) -> "EmbeddedPostgres":
        """A server for tests in a folder of its own, removed by `stop`.

        It does not wait for the disk (fsync off), and ends when the process that started it dies.
        """
        database = cls(Path(tempfile.mkdtemp(prefix="eka-throwaway-")))
        database._settings = THROWAWAY
        return database

    @property
    def url(self) -> str:
        """The libpq address of the database, for psycopg and DATABASE_URL.

        Errors: CallWrong before `start` and after `stop`.
        """
        if self._url is None:
            raise CallWrong("The embedded database is not running.")
        return self._url

    @property
    def home(self) -> Path:
        """Where the data lies: the state folder, unless the server's user may not enter it."""
        return recorded_home(self.state)

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.state / "postgres.log"

    def is_alive(self) -> bool:
        """Whether the server that we use still lives."""
        return self._cluster is not None and self._cluster.is_alive()

    def start(self) -> None:
        """Use the server of this state folder; start it unless it runs. Twice does no harm."""
        if self._url is not None:
            return
        try:
            make_state_folder(self.state)
            with self._turn:
                self._users.take(shared=True, wait=True)
                self._cluster = Cluster(self.state, self._settings)
                self._url = self._cluster.running() or self._cluster.launch()
        except OSError as error:
            raise CallWrong(explained(str(error), self.state)) from error
        finally:
            if self._url is None:
                self._users.release()
        atexit.register(self.stop)

    def stop(self) -> None:
        """Stop using the server, and stop it if nobody else uses it. Twice does no harm."""
        if self._url is None or self._cluster is None:
            return
        with self._turn:
            self._users.release()
            if self._users.take():
                self._cluster.shut_down()
                self._users.release()
            else:
                self._cluster.leave_to_others()
            if self._settings is THROWAWAY:
                self._cluster.remove()
                shutil.rmtree(self.state)
        self._url = self._cluster = None
        atexit.unregister(self.stop)

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
