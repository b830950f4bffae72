"""The databases of a run, read by SQL alike: SQLite by its module, TimescaleDB by psql. Rows are texts, None is NULL."""
import csv
import os
import pathlib
import sqlite3
import subprocess

from hostile import FEEDTREE, Process

PROGRAM = pathlib.Path(os.environ.get("FEEDTREE_TIMESCALE_SERVER",
                                      FEEDTREE.parent / "tests/timescale_server"))
NOT_THERE = 77
NULL = "\x01"


class Sqlite:
    def __init__(self, path):
        self.name = "sqlite"
        self.path = pathlib.Path(path)
        self.target = f"sqlite:{path}"

    def sink(self):
        return f"  - {{kind: sqlite, path: {self.path}, flush_interval: 50ms}}\n"

    def rows(self, sql):
        if not self.path.exists():
            return []
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20) as database:
            try:
                found = database.execute(sql).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):
                    raise
                return []
        return [tuple(None if value is None else str(value) for value in row) for row in found]

    def stop(self):
        pass


class Timescale:
    """A server of its own. is_there is False where the machine has none; why is in `missing`."""

    def __init__(self, folder):
        self.name = "timescale"
        self._server = Process("timescale", [PROGRAM], folder)
        self.is_there = True
        try:
            self._server.wait_for("listens on ", 300)
        except RuntimeError:
            if self._server.stop() != NOT_THERE:
                raise
            self.is_there, self.missing = False, self._server.text().strip()
            return
        self.dsn = self._server.text().split("listens on ")[1].split()[0]
        self.target = f"timescale:{self.dsn}"

    def sink(self):
        return f"  - {{kind: timescale, dsn: \"{self.dsn}\", flush_interval: 50ms}}\n"

    def rows(self, sql):
        done = subprocess.run(
            ["psql", "-X", "--csv", "-t", "-P", f"null={NULL}", "-d", self.dsn, "-c", sql],
            capture_output=True, text=True, check=True)
        return [tuple({NULL: None, "t": "1", "f": "0"}.get(value, value) for value in row)
                for row in csv.reader(done.stdout.splitlines())]

    def stop(self):
        self._server.stop()
