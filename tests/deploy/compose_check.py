"""The compose files, brought up in a Docker engine: run by scripts/compose-check, which has made the images and
lets COMPOSE_CHECK_WITHOUT name the services that it has none for. As root; it looks at containers' processes.

Ports that are published on 127.0.0.1 are reached as by somebody at that machine."""
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tarfile
import unittest

from composed import PASSWORD, ROOT, SERVICES, SIMULATORS, TOKEN, WITHOUT, Composed

sys.path.insert(0, str(ROOT / "tests/e2e"))
from hostile import Process  # noqa: E402
from served import eventually  # noqa: E402


class Image(unittest.TestCase):
    def files(self, image):
        """What is in it, but for the times of files."""
        container = subprocess.run(["docker", "create", image], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.strip()
        try:
            exported = subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE)
            found = {}
            with tarfile.open(fileobj=exported.stdout, mode="r|") as whole:
                for each in whole:
                    content = hashlib.sha256(whole.extractfile(each).read()).hexdigest() if each.isfile() else ""
                    found[each.name] = (each.type, each.mode, each.uid, each.gid, each.linkname, content)
            self.assertEqual(exported.wait(), 0)
            return found
        finally:
            subprocess.run(["docker", "rm", container], check=True, stdout=subprocess.DEVNULL)

    def test_is_the_same_when_it_is_built_again(self):
        one, other = self.files("feedtree:local"), self.files("feedtree:again")
        self.assertIn("usr/local/bin/feedtree", one)
        self.assertEqual({name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}, set())

    def test_has_nothing_that_compiles(self):
        names = {pathlib.PurePath(name).name for name in self.files("feedtree:local") if "bin/" in name}
        self.assertEqual(names & {"cc", "gcc", "g++", "ld", "make", "cmake", "ninja", "ccache"}, set())


class Demo(Composed):
    """`docker compose --profile demo up`, with the addresses and passwords of the README's table."""
    PROFILES = ["demo"]
    STARTED = SERVICES + SIMULATORS

    def psql(self, query):
        return subprocess.run(["psql", "-XAt", f"postgresql://feedtree:{PASSWORD}@127.0.0.1:5432/feedtree",
                               "-c", query], text=True, capture_output=True, check=True).stdout.strip()

    def test_addresses_are_those_of_loopback(self):
        for name, state in self.states().items():
            for port in state["Publishers"] or ():
                if port["PublishedPort"]:
                    self.assertEqual(port["URL"], "127.0.0.1", name)

    def test_container_can_do_little(self):
        self.constrained("feedtree", 10001)
        self.constrained("simulator-kraken", 10001)

    def test_labels_name_version_and_revision(self):
        text = subprocess.run(["docker", "image", "inspect", "feedtree:local"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        labels = json.loads(text)[0]["Config"]["Labels"]
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, text=True, stdout=subprocess.PIPE).stdout
        self.assertEqual(labels["org.opencontainers.image.revision"], head.strip())
        version = self.inside("feedtree", "feedtree", "version").stdout
        self.assertIn(labels["org.opencontainers.image.version"], version)

    def test_every_venue_is_live_and_every_sink_delivers(self):
        self.ready()
        status, text = self.ask("/api/v1/instruments")
        self.assertEqual(status, 200, text)
        books = json.loads(text)["instruments"]
        self.assertEqual({each["venue"] for each in books}, {"kraken", "binance", "bybit", "coinbase"})
        self.assertEqual({each["state"] for each in books}, {"live"})
        self.assertIn("<title>", self.ask("/")[1])
        self.assertEqual(self.ask("/api/v1/audit", token="wrong")[0], 401)

    def test_subscriber_of_the_readme(self):
        address = f"nats://feedtree:{PASSWORD}@127.0.0.1:4222"
        readme = (ROOT / "README.md").read_text()
        self.assertIn(address, readme)
        (block,) = re.findall(r"^```c\n(.*?)^```", readme, re.M | re.S)
        source = self.folder / "subscriber.c"
        source.write_text(block.replace("nats://127.0.0.1:4222", address))
        subprocess.run(["cc", source, "-lnats", "-o", self.folder / "subscriber"], check=True)
        program = Process("subscriber", ["stdbuf", "-oL", self.folder / "subscriber"], self.folder)
        try:
            for venue in ("kraken", "binance", "bybit", "coinbase"):
                eventually(lambda: f"md.v1.trade.{venue}." in program.text(), f"a trade of {venue}", 60)
        finally:
            program.stop()

    def test_rows_come_into_the_database(self):
        before = int(self.psql("SELECT count(*) FROM trade"))
        eventually(lambda: int(self.psql("SELECT count(*) FROM trade")) > before, "new trades")
        self.assertEqual(self.psql("SELECT count(DISTINCT venue) FROM trade"), "4")

    def test_present_books_are_in_redis(self):
        argv = ["redis-cli", "-p", "6379", "--no-auth-warning", "-a", PASSWORD, "--scan"]
        eventually(lambda: all(venue in subprocess.run(argv, text=True, stdout=subprocess.PIPE).stdout
                               for venue in ("kraken", "binance", "bybit", "coinbase")), "keys of each venue")

    def test_prometheus_reads_the_server_and_its_rules(self):
        eventually(self.scraped, "a scrape", 60)
        groups = self.prometheus("/api/v1/rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        self.assertGreater(len(rules), 5)
        self.assertEqual([rule["name"] for rule in rules if rule.get("lastError")], [])

    def test_killed_server_comes_back_and_stores_each_trade_once(self):
        self.ready()
        os.kill(self.main_process("feedtree"), signal.SIGKILL)
        eventually(lambda: self.ask("/healthz")[0] == 200, "the server again", 60)
        self.ready()
        self.assertEqual(self.psql("SELECT count(*) - count(DISTINCT (venue, instrument, key)) FROM trade"), "0")

    def test_start_waits_for_its_services_by_name(self):
        self.ready()
        self.compose("stop", "nats", "timescaledb")
        self.compose("stop", "feedtree")
        self.compose("up", "--detach", "--no-build", "--no-deps", "feedtree")
        for sink in ("jetstream", "nats", "timescale"):
            eventually(lambda: f'"component":"{sink}","message":"is not there yet' in self.log("feedtree"),
                       f"the wait for {sink}: {self.log('feedtree')[-2000:]}", 60)
        self.compose("start", "nats", "timescaledb")
        self.ready(120)

    def test_sigterm_drains(self):
        self.ready()
        self.compose("stop", "feedtree")
        try:
            state = self.states()["feedtree"]
            self.assertEqual((state["State"], state["ExitCode"]), ("exited", 0), self.log("feedtree")[-2000:])
        finally:
            self.compose("start", "feedtree")


class Live(Composed):
    """`docker compose up`: takes the venues' own endpoints, and says what is wrong when these are away."""

    def test_takes_the_public_endpoints(self):
        self.assertIn("takes /etc/feedtree/live.yaml", self.log("feedtree"))
        status, text = self.ask("/readyz")
        # Ready where the venues can be reached, else it says which cannot.
        self.assertIn(status, (200, 503), text)
        venues = [each["venue"] for each in json.loads(self.ask("/api/v1/venues")[1])["venues"]]
        self.assertEqual(sorted(venues), ["bybit", "coinbase", "kraken"])
        if status == 503:
            self.assertRegex(text, "kraken|coinbase|bybit")
        self.assertEqual(self.ask("/healthz")[0], 200)


class Development(Composed):
    """The overlay for work on the sources: they are built in the container, the log is in full."""
    WITHOUT_CHECK = ["feedtree"]

    @classmethod
    def prepare(cls):
        cache = pathlib.Path(os.environ.get("COMPOSE_CHECK_CCACHE") or ROOT / "build/engine/ccache").resolve()
        (ROOT / "build/engine/ccache").mkdir(exist_ok=True)
        cls.FILES = ["docker-compose.yml", "docker-compose.dev.yml", cls.folder / "cache.yml"]
        (cls.folder / "cache.yml").write_text(
            f"services:\n  feedtree:\n    volumes: ['{cache}:/ccache']\n"
            "    environment: {CCACHE_BASEDIR: /, CCACHE_NOHASHDIR: '1', CCACHE_MAXSIZE: '0'}\n")

    def test_builds_the_sources_and_runs_them(self):
        eventually(lambda: self.ask("/healthz")[0] == 200 or "Up" not in self.statuses()["feedtree"],
                   "the server", 3600)
        self.assertEqual(self.ask("/healthz")[0], 200, self.log("feedtree")[-2000:])
        running = os.readlink(f"/proc/{self.main_process('feedtree')}/exe")
        self.assertEqual(running, "/src/build/release/feedtree")


class Production(Composed):
    """The production overlay, with secrets from files and an authority of its own for every service."""
    FILES = ["docker-compose.yml", "docker-compose.prod.yml"]

    @classmethod
    def prepare(cls):
        secrets = cls.folder / "secrets"
        secrets.mkdir()
        cls.environment["FEEDTREE_SECRETS"] = str(secrets)
        cls.token = "an operator's token of production"
        passwords = {name: f"{name}-of-production" for name in ("nats_password", "redis_password",
                                                                "postgres_password", "grafana_password")}
        texts = {**passwords, "operator_token": cls.token, "timescale_dsn":
                 f"postgresql://feedtree:{passwords['postgres_password']}@timescaledb:5432/feedtree"
                 "?sslmode=verify-full&sslrootcert=/etc/feedtree/tls/services-ca.pem"}
        for name, text in texts.items():
            (secrets / name).write_text(text)
        cls.certificates(secrets)

    @classmethod
    def certificates(cls, secrets):
        def openssl(*argv):
            subprocess.run(["openssl", *argv], cwd=secrets, check=True, capture_output=True)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
        # By service, as docs/deployment.md says.
        for file, name in (("feedtree", "feedtree"), ("nats", "nats"), ("postgres", "timescaledb"),
                           ("redis", "redis"), ("grafana", "grafana")):
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", f"/CN={name}", "-keyout", f"{file}.key", "-out", f"{file}.csr")
            (secrets / "names").write_text(f"subjectAltName=DNS:{name},DNS:localhost\n")
            openssl("x509", "-req", "-in", f"{file}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                    "-days", "2", "-extfile", "names", "-out", f"{file}.crt")
        # As docs/deployment.md says: a folder for root alone, keys for the user that takes them.
        secrets.chmod(0o700)
        for each in secrets.iterdir():
            each.chmod(0o444)
        owners = re.findall(r"^\| `(\w+\.key)` \|.*\| (\d+) \|$", (ROOT / "docs/deployment.md").read_text(), re.M)
        assert len(owners) == 5, owners
        for key, owner in owners:
            (secrets / key).chmod(0o600)
            os.chown(secrets / key, int(owner), int(owner))

    @classmethod
    def authority(cls):
        return (cls.folder / "secrets/ca.pem").read_text()

    def test_services_speak_tls_and_want_passwords(self):
        self.constrained("feedtree", 10001)
        status, text = self.ask("/api/v1/sinks", token=self.token)
        self.assertEqual(status, 200, text)
        self.assertEqual(self.ask("/api/v1/sinks", token=TOKEN)[0], 401)
        tables = self.inside("timescaledb", "psql", "-XAt", "-h", "/var/run/postgresql", "-U", "feedtree", "-c",
                             "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                             "WHERE client_addr IS NOT NULL AND datname = 'feedtree'").stdout
        self.assertEqual(set(tables.split()), {"t"})
        plain = self.inside("redis", "sh", "-c", "redis-cli -h localhost ping 2>&1", check=False).stdout
        self.assertNotIn("PONG", plain)

    def test_nothing_but_server_and_grafana_is_published(self):
        published = {name for name, state in self.states().items()
                     if any(port["PublishedPort"] for port in state["Publishers"] or ())}
        self.assertEqual(published, {"feedtree", "grafana"} - set(WITHOUT))

    def test_prometheus_reads_the_server(self):
        eventually(self.scraped, "a scrape", 60)

    def test_no_secret_is_in_logs_or_environments(self):
        for name in self.STARTED:
            container = self.compose("ps", "--quiet", name).stdout.strip()
            seen = self.log(name) + subprocess.run(["docker", "inspect", container], text=True, check=True,
                                                   stdout=subprocess.PIPE).stdout
            self.assertNotIn("of-production", seen, name)
            self.assertNotIn(self.token, seen, name)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
