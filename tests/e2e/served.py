"""A server with its HTTP port for tests in Python: simulated venues over TLS, SQLite, loopback."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from hostile import FEEDTREE, Process, Simulator

TOKEN = "an operator's token of the tests"


def eventually(look, what, timeout_s=30):
    """Looks until it gives something true; that. Fails with the words."""
    end = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {timeout_s} s")
        time.sleep(0.02)


class Served:
    """Starts all, and stops all by their pids. A context manager. FOLDER in the configuration stands for
    the folder of the run, in which the given files are."""

    def __init__(self, venues=("kraken",), faults=None, token=None, config="", rate=100, files=None,
                 sinks="", journal="", http="listen: 127.0.0.1:0", environment=None, before=None):
        self.venues = {name: None for name in venues}
        self.faults = faults or {}
        self.token = token
        self.config = config
        self.rate = rate
        self.files = files or {}
        self.sinks = sinks      # further items of the list, and further keys of the journal
        self.journal = journal
        self.http = http
        self.environment = environment or {"FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1"}
        self.before = before  # called with the folder before the server starts
        self.context = None   # of TLS

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="feedtree-http-"))
        self.runs = 0
        subprocess.run([FEEDTREE, "make-certificate", self.folder / "tls"], check=True,
                       stdout=subprocess.DEVNULL)
        text = "venues:\n"
        for name in self.venues:
            self.venues[name] = Simulator(name, self.folder, faults=self.faults.get(name, ()),
                                          rate=self.rate)
            text += self.venues[name].config(self.folder)
        text += (f"sinks:\n  - {{kind: sqlite, path: {self.folder}/events.db}}\n  - kind: none\n{self.sinks}"
                 f"journal: {{path: {self.folder}/journal{self.journal}}}\nhttp: {{{self.http}}}\n"
                 + self.config)
        text = text.replace("FOLDER", str(self.folder))
        if "metrics:" not in text:
            text += "metrics: {file: {interval: 0s}}\n"
        for name, content in self.files.items():
            (self.folder / name).write_text(content)
        if self.before:
            self.before(self.folder)
        (self.folder / "config.yaml").write_text(text)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        """Starts the server, or starts it again."""
        environment = {name: value.replace("FOLDER", str(self.folder))
                       for name, value in self.environment.items()}
        if self.token:
            environment["FEEDTREE_OPERATOR_TOKEN"] = self.token
        self.runs += 1
        self.server = Process(f"server-{self.runs}",
                              [FEEDTREE, "run", "--config", self.folder / "config.yaml"],
                              self.folder, environment)
        self.server.wait_for("HTTP at http")
        self.url = self.server.text().split("HTTP at ")[1].split()[0]

    def __exit__(self, *_):
        self.server.stop()
        for simulator in self.venues.values():
            simulator.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def bring_back(self, venue):
        """Starts a simulator that was stopped, at its old address."""
        old = self.venues[venue]
        self.venues[venue] = Process(f"{venue}-again", [
            FEEDTREE, "simulate", "--venue", venue, "--listen", old.address,
            "--tls-cert", self.folder / "tls/cert.pem", "--tls-key", self.folder / "tls/key.pem",
            "--seed", "2", "--instruments", ",".join(old.instruments)], self.folder)
        self.venues[venue].wait_for("listens on ")

    def ask(self, path, method="GET", headers=None, body=None):
        """The status, the headers and the body."""
        request = urllib.request.Request(self.url + path, method=method, headers=headers or {},
                                         data=body)
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.context) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def json(self, path):
        return json.loads(self.ask(path)[2])

    def wait_until_ready(self):
        eventually(lambda: self.ask("/readyz")[0] == 200, "the server is ready", 60)
