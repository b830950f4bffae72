"""Who may do what to a running server: accounts, roles, tokens, the record of what was done, TLS with
certificates that change, files that everyone may read, and secrets that must come out nowhere. Run by ctest."""
import json
import os
import pathlib
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import FEEDTREE, Process, free_port  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402

ADMIN = {"FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1", "FEEDTREE_ADMIN_DSN": "FOLDER/admin.db"}
PASSWORD = "correct horse battery"


def bearer(token):
    return {"Authorization": "Bearer " + token}


def rows(path, sql):
    with sqlite3.connect(path, timeout=10) as database:
        return database.execute(sql).fetchall()


class Operated(unittest.TestCase):
    """A server with accounts."""

    @classmethod
    def setUpClass(cls):
        cls.served = Served(token=TOKEN, environment=ADMIN).__enter__()
        cls.addClassCleanup(cls.served.__exit__)
        cls.served.wait_until_ready()

    def admin(self, *arguments, password=None, code=0):
        """Standard output of the command."""
        done = subprocess.run(
            [FEEDTREE, "admin", *arguments], input=password, capture_output=True, text=True,
            env={**os.environ, "FEEDTREE_ADMIN_DSN": f"{self.served.folder}/admin.db"})
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def add(self, name, role):
        self.admin("add", name, "--role", role, password=PASSWORD + "\n")

    def try_log_in(self, name, password=PASSWORD):
        status, headers, body = self.served.ask(
            "/api/v1/login", "POST", {"Content-Type": "application/json"},
            json.dumps({"name": name, "password": password}).encode())
        return status, headers, json.loads(body)

    def log_in(self, name, password=PASSWORD):
        """Where the machine is so busy that hashing takes seconds (504), another try may be faster."""
        return eventually(lambda: (lambda answer: answer[0] != 504 and answer)(
            self.try_log_in(name, password)), "an answer to a sign-in", 60)

    def token(self, name):
        status, _, answer = self.log_in(name)
        self.assertEqual(status, 200, answer)
        return answer["token"]

    def change(self, path, token=TOKEN, method="POST"):
        status, _, body = self.served.ask(path, method, bearer(token) if token else {}, b"")
        return status, body.decode()

    def audit(self):
        return rows(self.served.folder / "admin.db",
                    "SELECT operator, action, target, outcome, detail FROM audit ORDER BY at_ns")

    def has_audit(self, *wanted):
        eventually(lambda: any(row[:len(wanted)] == wanted for row in self.audit()),
                   f"the record {wanted}")


class Accounts(Operated):
    RESTART = "/api/v1/actors/root/venues/kraken/restart"

    def test_a_viewer_changes_nothing_and_an_operator_does(self):
        self.add("victor", "viewer")
        self.add("olga", "operator")
        status, body = self.change(self.RESTART, self.token("victor"))
        self.assertEqual(status, 403, body)
        self.assertIn("this needs the role operator", body)
        self.assertEqual(self.change(self.RESTART, self.token("olga"))[0], 202)
        self.assertEqual(self.change(self.RESTART, None)[0], 401)
        self.assertEqual(self.change(self.RESTART)[0], 202)  # the server's own token
        target = "actors/root/venues/kraken"
        for name, outcome in (("victor", "refused"), ("olga", "done"), ("unknown", "refused"),
                              ("static-token", "done")):
            self.has_audit(name, "restart", target, outcome)
        self.has_audit("olga", "login", "login", "done")
        shown = json.loads(self.served.ask("/api/v1/audit?limit=1000")[2])["records"]
        self.assertIn(("olga", "restart", "done"),
                      {(each["operator"], each["action"], each["outcome"]) for each in shown})

    def test_a_token_ends_by_sign_out_revocation_and_disabling(self):
        self.add("rita", "operator")
        token = self.token("rita")
        self.assertEqual(self.change("/api/v1/logout", token)[0], 204)
        self.assertEqual(self.change(self.RESTART, token)[0], 401)

        made = self.admin("token", "rita", "--valid", "1h").strip()
        eventually(lambda: self.change(self.RESTART, made)[0] == 202, "a token that the server knows")
        self.assertIn("rita: 1 tokens ended", self.admin("revoke", "rita"))
        eventually(lambda: self.change(self.RESTART, made)[0] == 401, "a token that has ended")

        last = self.token("rita")
        self.admin("disable", "rita")
        eventually(lambda: self.change(self.RESTART, last)[0] == 401, "a token that has ended")
        self.assertEqual(self.log_in("rita")[0], 401)

    def test_a_token_ends_by_its_time(self):
        self.add("eva", "operator")
        made = self.admin("token", "eva", "--valid", "3s").strip()
        eventually(lambda: self.change(self.RESTART, made)[0] == 202, "a token that the server knows")
        eventually(lambda: self.change(self.RESTART, made)[0] == 401, "a token that has ended")

    def test_who_guesses_is_slowed_down(self):
        self.add("gina", "operator")
        begin = time.monotonic()
        for count in range(60):
            status, headers, answer = self.try_log_in("gina", "wrong password of gina")
            if status == 429:
                break
            self.assertIn(status, (401, 504), answer)
        self.assertEqual(status, 429)
        self.assertGreater(int(headers["Retry-After"]), 0)
        self.assertLessEqual(count, 10 + (time.monotonic() - begin) / 30)
        self.assertEqual(self.try_log_in("gina")[0], 429)  # the right one, too

    def test_what_is_no_sign_in_is_refused(self):
        for body, kind, status in ((b"{}", "application/json", 400), (b"", "application/json", 400),
                                   (b'{"name":"a","password":1}', "application/json", 400),
                                   (b'{"name":"a","password":"b"}', "text/plain", 415)):
            answer = self.served.ask("/api/v1/login", "POST", {"Content-Type": kind}, body)
            self.assertEqual(answer[0], status, body)
        evil = {"Content-Type": "application/json", "Origin": "http://evil.example"}
        self.assertEqual(self.served.ask("/api/v1/login", "POST", evil, b"{}")[0], 403)

    def test_nothing_of_a_password_or_token_is_in_the_database(self):
        self.add("paula", "viewer")
        token = self.token("paula")
        stored = b"".join(path.read_bytes() for path in self.served.folder.glob("admin.db*"))
        self.assertIn(b"$argon2id$v=19$m=65536", stored)
        self.assertNotIn(PASSWORD.encode(), stored)
        self.assertNotIn(token.encode(), stored)

    def test_accounts_are_imported_all_or_none(self):
        self.add("hans", "operator")
        hashed = rows(self.served.folder / "admin.db",
                      "SELECT password_hash FROM operator WHERE name = 'hans'")[0][0]
        file = self.served.folder / "users.json"
        file.write_text(json.dumps({"users": [
            {"username": "ida", "role": "admin", "password": "a password of ida", "team": 7},
            {"name": "jan", "passwordHash": hashed},
            {"name": "kim", "role": "viewer", "password": "a password of kim", "active": False}]}))
        said = self.admin("import", file, "--dry-run")
        self.assertIn("3 accounts would be imported", said)
        self.assertNotIn("ida", self.admin("list"))
        self.admin("import", file)
        listed = self.admin("list")
        self.assertRegex(listed, r"ida +operator +set")
        self.assertRegex(listed, r"jan +viewer +set")
        self.assertEqual(self.log_in("ida", "a password of ida")[2]["role"], "operator")
        self.assertEqual(self.log_in("jan")[2]["role"], "viewer")
        self.assertEqual(self.log_in("kim", "a password of kim")[0], 401)
        # A second time it changes nothing, also not the tokens.
        token = self.log_in("ida", "a password of ida")[2]["token"]
        self.admin("import", file)
        self.assertEqual(self.change(self.RESTART, token)[0], 202)

        file.write_text(json.dumps([{"name": "leo", "password": "a password of leo"},
                                    {"name": "mia", "password": "short"},
                                    {"name": "nia", "password_hash": "$2b$12$notargon"}]))
        said = self.admin("import", file, code=1)
        self.assertIn("entry 2 (mia): its password is shorter than 12 bytes", said)
        self.assertIn("entry 3 (nia): its password_hash is no Argon2id hash", said)
        self.assertNotIn("leo", self.admin("list"))

    def test_mistakes_on_the_command_line_are_told(self):
        self.assertIn("a password has 12 to 1024 bytes",
                      self.admin("add", "otto", password="short\n", code=2))
        self.assertIn("a role is viewer or operator",
                      self.admin("add", "otto", "--role", "king", password=PASSWORD, code=2))
        self.assertIn("there is no account otto", self.admin("token", "otto", code=1))
        file = self.served.folder / "password"
        file.write_text(PASSWORD)
        file.chmod(0o644)
        self.assertIn("open to everyone (mode 0644)",
                      self.admin("add", "otto", "--password-file", file, code=1))
        file.chmod(0o600)
        self.admin("add", "otto", "--password-file", file)


class Actions(Operated):
    """Pause, resume, and instruments that come and go."""

    def actor(self, path):
        return self.served.json("/api/v1/actors/" + path)

    def received(self):
        return self.served.json("/api/v1/venues")["venues"][0]["frames"]["received"]

    def stored(self):
        return rows(self.served.folder / "events.db", "SELECT count(*) FROM trade")[0][0]

    def test_a_paused_venue_is_silent_until_it_is_resumed(self):
        path = "root/venues/kraken"
        self.assertEqual(self.change(f"/api/v1/actors/{path}/pause")[0], 202)
        self.addCleanup(self.change, f"/api/v1/actors/{path}/resume")
        eventually(lambda: self.actor(path)["state"] == "paused", "a paused venue")
        eventually(lambda: f"actor {path}: is paused by an operator".encode()
                   in self.served.ask("/readyz")[2], "a reason not to be ready")
        self.assertEqual(self.served.ask("/readyz")[0], 503)
        before = self.received()
        self.assertEqual(self.change(f"/api/v1/actors/{path}/pause")[0], 409)
        self.assertEqual(self.change(f"/api/v1/actors/{path}/restart")[0], 409)
        # What is shown and what was published is not live any more, and the ledger says why.
        eventually(lambda: "live" not in self.instruments().values(), "books that are not live")
        gaps = [each["detail"] for each in self.served.json("/api/v1/gaps")["gaps"]]
        self.assertIn("the venue is paused by an operator", gaps)
        self.assertEqual(self.received(), before)
        self.assertEqual(self.change(f"/api/v1/actors/{path}/resume")[0], 202)
        eventually(lambda: self.received() > before, "frames after the pause")
        self.served.wait_until_ready()
        self.assertEqual(self.change(f"/api/v1/actors/{path}/resume")[0], 409)
        self.has_audit("static-token", "pause", "actors/" + path, "done")
        self.has_audit("static-token", "resume", "actors/" + path, "done")

    def test_a_paused_connection_is_opened_again(self):
        path = next(each["path"] for each in self.served.json("/api/v1/actors")["actors"]
                    if each["kind"] == "connection")
        self.assertEqual(self.change(f"/api/v1/actors/{path}/pause")[0], 202)
        eventually(lambda: self.actor(path)["state"] == "paused", "a paused connection")
        self.assertEqual(self.change(f"/api/v1/actors/{path}/resume")[0], 202)
        self.served.wait_until_ready()
        self.assertEqual(self.actor(path)["state"], "running")

    def test_a_paused_sink_catches_up(self):
        path = "root/sinks/sqlite"
        self.assertEqual(self.change(f"/api/v1/actors/{path}/pause")[0], 202)
        eventually(lambda: self.actor(path)["state"] == "paused", "a paused sink")
        before, frames = self.stored(), self.received()
        eventually(lambda: self.received() > frames + 200, "frames while the sink is paused")
        self.assertEqual(self.stored(), before)
        self.assertEqual(self.change(f"/api/v1/actors/{path}/resume")[0], 202)
        eventually(lambda: self.stored() > before, "rows after the pause")
        self.served.wait_until_ready()

    def test_what_others_cannot_do_without_is_not_paused(self):
        for path in ("root/venues", "root/sinks", "root/operator", "root/sinks/journal",
                     "root/venues/kraken/validator"):
            status, body = self.change(f"/api/v1/actors/{path}/pause")
            self.assertEqual(status, 409, body)
        self.assertEqual(self.change("/api/v1/actors/root/nobody/pause")[0], 404)

    def instruments(self):
        return {each["instrument"]: each["state"]
                for each in self.served.json("/api/v1/instruments")["instruments"]}

    def test_an_instrument_goes_and_comes_back(self):
        path = "/api/v1/venues/kraken/instruments/"
        self.assertEqual(self.change(path + "ETH-USD", method="DELETE")[0], 202)
        eventually(lambda: "ETH-USD" not in self.instruments(), "an instrument less")
        self.assertEqual(self.change(path + "ETH-USD", method="DELETE")[0], 404)
        self.assertEqual(self.change(path + "BTC-USD", method="DELETE")[0], 409)  # the last
        self.assertEqual(self.change(path + "ETH-USD", None, "PUT")[0], 401)
        self.assertEqual(self.change(path + "ETH-USD", method="PUT")[0], 202)
        eventually(lambda: self.instruments().get("ETH-USD") == "live", "the instrument is back")
        self.assertEqual(self.change(path + "ETH-USD", method="PUT")[0], 409)
        self.assertEqual(self.change(path + "x!", method="PUT")[0], 409)
        self.assertEqual(self.change("/api/v1/venues/nowhere/instruments/A-B", method="PUT")[0], 404)
        self.has_audit("static-token", "remove", "venues/kraken/instruments/ETH-USD", "done")
        self.has_audit("static-token", "add", "venues/kraken/instruments/ETH-USD", "done")
        self.has_audit("unknown", "add", "venues/kraken/instruments/ETH-USD", "refused")

    def test_refusals_do_not_fill_the_database(self):
        for _ in range(300):
            self.assertEqual(self.change("/api/v1/actors/root/venues/kraken/restart", "wrong")[0], 401)
        self.change("/api/v1/actors/root/nobody/restart")
        count = rows(self.served.folder / "admin.db",
                     "SELECT count(*) FROM audit WHERE operator = 'unknown'")[0][0]
        self.assertLess(count, 250)


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

    def test_files_are_for_the_owner_only(self):
        self.served.server.wait_for("HTTP at")
        for path in (self.served.folder / "journal", self.served.folder / "events.db"):
            eventually(path.exists, f"{path}")
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
