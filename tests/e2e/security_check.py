"""TLS with certificates that change, files that everyone may read, and secrets that must come out nowhere.
Run by ctest."""
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import FEEDTREE, Process, free_port  # noqa: E402
from operated import bearer  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402


def make_certificate(folder, name):
    """A certificate that signs itself, by openssl; its serial number."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", folder / f"{name}-key.pem", "-out", folder / f"{name}.pem"],
                   check=True, capture_output=True)
    (folder / f"{name}-key.pem").chmod(0o600)
    serial = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", folder / f"{name}.pem"],
                            check=True, capture_output=True, text=True).stdout
    return serial.strip().split("=")[1]


def put_certificate(folder, name):
    """As certbot does: both files are replaced, each in one moment."""
    for ending in (".pem", "-key.pem"):
        new = folder / f"new{ending}"
        new.write_bytes((folder / f"{name}{ending}").read_bytes())
        new.chmod(0o600)
        os.replace(new, folder / f"http{ending}")


# Stand-ins for the databases, but none for the operator.
STRICT = {"FEEDTREE_TIMESCALE_ALLOW_INSECURE_DEFAULTS": "1", "FEEDTREE_NATS_ALLOW_INSECURE_DEFAULTS": "1"}
TLS = "listen: 127.0.0.1:0, cert_file: FOLDER/http.pem, key_file: FOLDER/http-key.pem"


class Encrypted(unittest.TestCase):
    def start(self, **options):
        served = Served(token=TOKEN, environment=STRICT, **options).__enter__()
        self.addCleanup(served.__exit__)
        return served

    def before(self, folder):
        self.serials = [make_certificate(folder, name) for name in ("one", "two", "three")]
        put_certificate(folder, "one")

    def serial(self, served):
        """Of the certificate that the server shows."""
        context = ssl.create_default_context(cafile=served.folder / "all.pem")
        port = int(served.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as link:
                self.assertIn(link.version(), ("TLSv1.2", "TLSv1.3"))
                return link.getpeercert()["serialNumber"]

    def trust(self, served):
        (served.folder / "all.pem").write_text(
            "".join((served.folder / f"{name}.pem").read_text() for name in ("one", "two", "three")))
        served.context = ssl.create_default_context(cafile=served.folder / "all.pem")

    def test_a_changed_certificate_is_taken_over(self):
        served = self.start(http=TLS, before=self.before)
        self.assertTrue(served.url.startswith("https://"))
        self.trust(served)
        self.assertEqual(self.serial(served), self.serials[0])
        # A connection that is open already goes on.
        context = served.context
        port = int(served.url.rsplit(":", 1)[1])
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 30),
                                 server_hostname="localhost") as old:
            put_certificate(served.folder, "two")
            eventually(lambda: self.serial(served) == self.serials[1], "the second certificate")
            old.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(old.recv(1000).startswith(b"HTTP/1.1 200"))

        # A key that does not fit: the one from before stays.
        (served.folder / "http-key.pem").write_bytes((served.folder / "three-key.pem").read_bytes())
        served.server.wait_for("the certificate from before stays in use")
        self.assertEqual(self.serial(served), self.serials[1])
        (served.folder / "http.pem").write_bytes((served.folder / "three.pem").read_bytes())
        eventually(lambda: self.serial(served) == self.serials[2], "the third certificate")

        said = served.server.text().count("is in use for new connections")
        os.kill(served.server.pid, signal.SIGHUP)
        eventually(lambda: served.server.text().count("is in use for new connections") > said,
                   "a reading by SIGHUP")

    def test_changes_go_over_tls_with_a_token(self):
        served = self.start(http=TLS, before=self.before)
        self.trust(served)
        path = "/api/v1/actors/root/venues/kraken/restart"
        self.assertEqual(served.ask(path, "POST", {}, b"")[0], 401)
        self.assertEqual(served.ask(path, "POST", bearer(TOKEN), b"")[0], 202)
        # Nobody is understood who does not speak TLS.
        with socket.create_connection(("127.0.0.1", int(served.url.rsplit(":", 1)[1])), 10) as link:
            link.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertNotIn(b"HTTP/1.1 200", link.recv(1000))

    def test_without_tls_nothing_can_be_changed(self):
        served = self.start()
        status, _, body = served.ask("/api/v1/actors/root/venues/kraken/restart", "POST",
                                     bearer(TOKEN), b"")
        self.assertEqual(status, 403)
        self.assertIn(b"changes are made over TLS only", body)
        self.assertEqual(served.ask("/healthz")[0], 200)


class Refused(unittest.TestCase):
    """Starts that must not be."""

    def setUp(self):
        self.served = Served()
        self.folder = pathlib.Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True,
                                                  text=True).stdout.strip())
        self.addCleanup(subprocess.run, ["rm", "-r", self.folder], check=True)

    def start(self, http, environment):
        file = self.folder / "config.yaml"
        file.write_text("venues:\n  - {venue: kraken, instruments: [BTC-USD], feeds: [book]}\n"
                        f"sinks:\n  - kind: none\nhttp: {{{http}}}\n")
        done = subprocess.run([FEEDTREE, "run", "--config", file, "--seconds", "1"], text=True,
                              capture_output=True, cwd=self.folder,
                              env={**os.environ, **STRICT, **environment}, timeout=60)
        self.assertEqual(done.returncode, 78, done.stderr)
        return done.stderr

    def test_a_key_that_everyone_may_read(self):
        make_certificate(self.folder, "http")
        (self.folder / "http-key.pem").chmod(0o604)
        said = self.start(TLS.replace("FOLDER", str(self.folder)), {"FEEDTREE_OPERATOR_TOKEN": TOKEN})
        self.assertIn("http.key_file:", said)
        self.assertIn("is open to everyone (mode 0604): chmod o-rwx", said)

    def test_a_token_file_that_everyone_may_read(self):
        (self.folder / "token").write_text(TOKEN)
        (self.folder / "token").chmod(0o644)
        said = self.start("listen: 127.0.0.1:0",
                          {"FEEDTREE_OPERATOR_TOKEN_FILE": str(self.folder / "token")})
        self.assertIn("FEEDTREE_OPERATOR_TOKEN_FILE:", said)
        self.assertIn("is open to everyone (mode 0644)", said)
        self.assertNotIn(TOKEN, said)

    def test_another_address_without_tls_or_without_a_token(self):
        said = self.start("listen: 0.0.0.0:0", {"FEEDTREE_OPERATOR_TOKEN": TOKEN})
        self.assertIn("needs http.cert_file and http.key_file", said)
        make_certificate(self.folder, "http")
        said = self.start(TLS.replace("FOLDER", str(self.folder)).replace("127.0.0.1", "0.0.0.0"), {})
        self.assertIn("FEEDTREE_OPERATOR_TOKEN is not set", said)
        # Nor where everything is allowed.
        said = self.start("listen: 0.0.0.0:0", {"FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1"})
        self.assertIn("needs http.cert_file and http.key_file", said)

    def test_accounts_in_a_database_without_verified_tls(self):
        said = self.start("listen: 127.0.0.1:0",
                          {"FEEDTREE_ADMIN_DSN": "postgresql://md:not-to-be-shown@127.0.0.1/md"})
        self.assertIn("FEEDTREE_ADMIN_DSN has no sslmode=verify-full", said)
        self.assertNotIn("not-to-be-shown", said)


class Planted(unittest.TestCase):
    """Secrets go in everywhere and come out nowhere: not in the log, over HTTP, or in a file."""
    SECRETS = {name: f"planted-{name}-4711" for name in
               ("token", "nats", "dsn", "url", "header", "query", "path", "login", "name", "bearer",
                "target")}
    FORMED = ("ftk_" + "Zz09" * 11, "AKIAPLANTEDKEY004711")

    def setUp(self):
        secret = self.SECRETS
        self.nats_port = free_port()
        environment = {
            "FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1",
            # A database that is not there: its errors are told again and again.
            "FEEDTREE_ADMIN_DSN": f"postgresql://md:{secret['dsn']}@127.0.0.1:{free_port()}/md",
            "PLANTED_PASSWORD": secret["nats"],
        }
        self.served = Served(token=secret["token"], environment=environment, before=self.start_nats,
                             sinks=self.nats_sink()).__enter__()
        self.addCleanup(self.served.__exit__)
        self.addCleanup(self.nats.stop)

    def nats_sink(self):
        return (f"  - {{kind: nats, url: 'nats://127.0.0.1:{self.nats_port}', user: feeder, "
                "password: '${PLANTED_PASSWORD}'}\n")

    def start_nats(self, folder):
        (folder / "nats").mkdir()
        self.nats = Process("nats", ["nats-server", "-a", "127.0.0.1", "-p", self.nats_port, "--user",
                                     "feeder", "--pass", self.SECRETS["nats"]], folder / "nats")
        self.nats.wait_for("Server is ready")

    def ask_with_secrets(self):
        secret = self.SECRETS
        answers = []
        for path, method, headers, body in (
                (f"/api/v1/actors/password={secret['path']}", "GET", {}, None),
                (f"/api/v1/actors/token={secret['target']}/restart", "POST",
                 bearer(secret["token"]), b""),
                (f"/api/v1/books/x/{self.FORMED[0]}", "GET", {}, None),
                (f"/api/v1/gaps?limit=0&token={secret['query']}", "GET", {}, None),
                (f"/api/v1/actors/{self.FORMED[1]}/restart", "POST", bearer(secret["token"]), b""),
                ("/api/v1/actors/root/venues/kraken/restart", "POST", bearer(secret["bearer"]), b""),
                ("/api/v1/overview", "GET", {"X-Api-Key": secret["header"]}, None),
                ("/api/v1/login", "POST", {"Content-Type": "application/json"}, json.dumps(
                    {"name": f"password={secret['name']}", "password": secret["login"]}).encode()),
                (f"/x://user:{secret['url']}@host", "GET", {}, None)):
            answers.append(self.served.ask(path, method, headers, body)[2])
        return answers

    def test_none_is_seen_again(self):
        self.served.wait_until_ready()
        self.nats.stop()
        eventually(lambda: self.served.ask("/readyz")[0] == 503, "a sink that fails")
        self.served.server.wait_for("accounts: ")
        seen = self.ask_with_secrets()
        listed = json.loads(self.served.ask("/", headers={"Accept": "application/json"})[2])
        for each in listed["endpoints"]:
            if each["method"] == "GET" and "{" not in each["path"] and "events" not in each["path"]:
                seen.append(self.served.ask(each["path"])[2])
        self.served.server.stop()
        seen.append(self.served.server.text().encode())
        for path in self.served.folder.rglob("*"):
            # What was put there by the test itself: the simulator's key, the configuration.
            if path.is_file() and path.name != "config.yaml" and path.parent.name not in ("tls", "nats"):
                seen.append(path.read_bytes())
        everything = b"\n".join(seen)
        for secret in (*self.SECRETS.values(), *self.FORMED):
            at = everything.find(secret.encode())
            self.assertEqual(at, -1, f"{secret}: {everything[max(0, at - 200):at + 200]}")
        # It was looked at something: the refusals are there, without the secrets.
        self.assertIn(b"[secret]", everything)
        self.assertIn(b"there is no actor", everything)

    def test_a_start_that_fails_tells_none(self):
        folder = self.served.folder
        config = (folder / "config.yaml").read_text()
        for planted, code, text in (
                # A wrong password, a wrong value, a sink that cannot be.
                (config, 1, "feedtree: "),
                (config.replace("user: feeder", "policy: '${PLANTED_PASSWORD}', user: feeder"), 78, ""),
                (config.replace("sinks:\n", "log_level: ${PLANTED_PASSWORD}\nsinks:\n"), 78, "")):
            (folder / "planted.yaml").write_text(planted.replace("/journal", "/journal-2"))
            done = subprocess.run(
                [FEEDTREE, "run", "--config", folder / "planted.yaml", "--seconds", "5"],
                capture_output=True, text=True, timeout=120,
                env={**os.environ, "FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1",
                     "PLANTED_PASSWORD": "planted-wrong-4711"})
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(text, done.stderr)
            self.assertNotIn("planted-wrong-4711", done.stderr + done.stdout)

    def test_commands_that_fail_tell_none(self):
        secret = "planted-command-4711"
        dsn = f"timescale:postgresql://md:{secret}@127.0.0.1:{free_port()}/md"
        capture = self.served.folder / f"password={secret}.jsonl"
        for arguments in (
                ["query", "trades", "--instrument", "BTC-USD", "--database", dsn],
                ["backfill", "--venue", "kraken", "--instrument", "BTC-USD", "--kind", "trades",
                 "--from", "2026-01-01", "--to", "2026-01-02", "--database", dsn],
                ["migrate", "--status", "--sink", dsn],
                ["validate", dsn, "--rules", capture],
                ["replay", "--sink", dsn, capture],
                ["replay", capture],
                ["archive", "verify", capture],
                ["simulate", "--venue", "kraken", "--instruments", "BTC-USD", "--tls-cert", capture,
                 "--tls-key", capture],
                ["query", f"password={secret}"],
                ["run", "--config", capture]):
            done = subprocess.run([FEEDTREE, *arguments], capture_output=True, text=True, timeout=60,
                                  env={**os.environ, "FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1"})
            said = done.stderr + done.stdout
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertNotIn(secret, said, arguments)
            self.assertNotEqual(said, "", arguments)

    def test_files_are_for_the_owner_only(self):
        self.served.server.wait_for("HTTP at")
        for path in (self.served.folder / "journal", self.served.folder / "events.db"):
            eventually(path.exists, f"{path}")
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
