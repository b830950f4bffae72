"""A project of docker compose that is brought up and looked at, for compose_check.py."""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from served import eventually  # noqa: E402

PASSWORD = "feedtree-local"
TOKEN = "feedtree-local-operator"
WITHOUT = os.environ.get("COMPOSE_CHECK_WITHOUT", "").split()
SERVICES = [name for name in ("feedtree", "nats", "timescaledb", "redis", "prometheus", "grafana")
            if name not in WITHOUT]
SIMULATORS = [f"simulator-{name}" for name in ("kraken", "binance", "bybit", "coinbase")]
PROJECT = "feedtree-check"  # not that of somebody who runs feedtree here


class Engine(http.client.HTTPConnection):
    """Asks the engine at its socket."""

    def __init__(self):
        super().__init__("engine", timeout=30)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))


class Composed(unittest.TestCase):
    """Brings FILES up with PROFILES, once a class, and takes all of it down behind it."""
    FILES = ["docker-compose.yml"]
    PROFILES = []
    STARTED = SERVICES
    WITHOUT_CHECK = SIMULATORS  # have no health check
    PATIENCE_S = 180            # until all are healthy

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="compose-check-", dir=ROOT / "build"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.environment = {key: value for key, value in os.environ.items()
                           if not key.startswith(("COMPOSE_", "FEEDTREE_"))}
        cls.prepare()
        cls.addClassCleanup(cls.compose, "down", "--volumes", "--timeout", "60", check=False)
        # Of a run before that was cut off.
        cls.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")
        up = cls.compose("up", "--detach", "--no-build", *cls.STARTED, check=False)
        assert up.returncode == 0, up.stderr
        try:
            eventually(cls.all_healthy, "every service healthy", cls.PATIENCE_S)
        except AssertionError:
            print(json.dumps(cls.states(), indent=1), cls.log("feedtree")[-3000:], file=sys.stderr)
            raise

    @classmethod
    def prepare(cls):
        pass

    @classmethod
    def compose(cls, *arguments, check=True):
        argv = ["docker", "compose", "--project-name", PROJECT]
        for each in cls.FILES:
            argv += ["--file", str(each)]
        for each in cls.PROFILES:
            argv += ["--profile", each]
        return subprocess.run([*argv, *arguments], cwd=ROOT, env=cls.environment, text=True, check=check,
                              capture_output=True)

    @classmethod
    def states(cls):
        lines = cls.compose("ps", "--all", "--format", "json").stdout.splitlines()
        return {each["Service"]: each for each in map(json.loads, lines)}

    @classmethod
    def statuses(cls):
        """Of each service, as `docker ps` has it, without a process for each look: Up 3 seconds (healthy)."""
        wanted = urllib.parse.quote(json.dumps({"label": [f"com.docker.compose.project={PROJECT}"]}))
        engine = Engine()
        engine.request("GET", f"/containers/json?all=1&filters={wanted}")
        return {each["Labels"]["com.docker.compose.service"]: each["Status"]
                for each in json.load(engine.getresponse())}

    @classmethod
    def all_healthy(cls):
        statuses = cls.statuses()
        return all(re.match("Up " if name in cls.WITHOUT_CHECK else r"Up .*\(healthy\)", statuses.get(name, ""))
                   for name in cls.STARTED)

    @classmethod
    def log(cls, service):
        return cls.compose("logs", "--no-log-prefix", service).stdout

    @classmethod
    def inside(cls, service, *argv, check=True):
        return cls.compose("exec", "--no-TTY", service, *argv, check=check)

    @classmethod
    def ask(cls, path, token=TOKEN):
        """Status and body; the certificate is verified for the name localhost."""
        context = ssl.create_default_context(cadata=cls.authority())
        request = urllib.request.Request(f"https://localhost:8080{path}",
                                         headers={"Authorization": f"Bearer {token}"} if token else {})
        try:
            with urllib.request.urlopen(request, context=context, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            return 0, str(error)

    @classmethod
    def authority(cls):
        if not getattr(cls, "_authority", None):
            cls._authority = cls.inside("feedtree", "cat", "/etc/feedtree/tls/ca.pem").stdout
        return cls._authority

    def ready(self, timeout_s=90):
        eventually(lambda: self.ask("/readyz")[0] == 200,
                   f"readiness ({self.ask('/readyz')}, {self.log('feedtree')[-2000:]})", timeout_s)

    def main_process(self, service):
        """Its pid, as it is seen here."""
        container = self.compose("ps", "--quiet", service).stdout.strip()
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if container in (entry / "cgroup").read_text() and \
                        re.search(r"^NSpid:.*\t1$", (entry / "status").read_text(), re.M):
                    return int(entry.name)
            except OSError:
                continue
        self.fail(f"{service} has no process")

    def constrained(self, service, user):
        """Unprivileged, without capabilities, on a root that cannot be written."""
        status = pathlib.Path(f"/proc/{self.main_process(service)}/status").read_text()
        self.assertRegex(status, rf"Uid:\t{user}\t")
        self.assertIn("CapEff:\t0000000000000000", status)
        self.assertIn("CapBnd:\t0000000000000000", status)
        self.assertIn("NoNewPrivs:\t1", status)
        written = self.inside(service, "touch", "/etc/probe", check=False)
        self.assertIn("Read-only file system", written.stderr)

    def prometheus(self, path):
        text = self.inside("prometheus", "wget", "-q", "-O", "-", f"http://127.0.0.1:9090{path}").stdout
        return json.loads(text)["data"]

    def scraped(self):
        targets = self.prometheus("/api/v1/targets")["activeTargets"]
        return targets[0]["health"] == "up" or self.assertNotIn("401", targets[0]["lastError"])
