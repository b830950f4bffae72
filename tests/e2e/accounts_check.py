"""Accounts, roles, tokens, what operators do to a running server, and the record of it. Run by ctest."""
import json
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from operated import ADMIN, PASSWORD, Operated, bearer, rows  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402


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

    def test_a_token_tells_whose_it_is_until_it_ends(self):
        def session(token):
            status, _, body = self.served.ask("/api/v1/session", headers=bearer(token))
            return status, json.loads(body)
        self.add("sara", "viewer")
        token = self.token("sara")
        self.assertEqual(session(token), (200, {"name": "sara", "role": "viewer", "account": True}))
        self.assertEqual(session(TOKEN), (200, {"name": "static-token", "role": "operator",
                                                "account": False}))
        self.assertEqual(self.change("/api/v1/logout", token)[0], 204)
        self.assertEqual(session(token)[0], 401)

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


    def test_who_reads_what_is_recorded_once(self):
        self.add("vera", "viewer")
        token = self.admin("token", "vera", "--valid", "1h").strip()
        eventually(lambda: self.change(self.RESTART, token)[0] == 403, "a token that the server knows")
        for _ in range(3):
            for path in ("/api/v1/overview", "/api/v1/sinks?x=1"):
                self.assertEqual(self.served.ask(path, headers=bearer(token))[0], 200)
            self.assertEqual(self.served.ask("/healthz", headers=bearer(token))[0], 200)
        for target in ("overview", "sinks"):
            self.has_audit("vera", "read", target, "done", "from 127.0.0.1")
        read = [row for row in self.audit() if row[:2] == ("vera", "read")]
        self.assertEqual(len(read), 2, read)


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


class Restarted(unittest.TestCase):
    """A server that is killed and started again."""

    def test_what_is_paused_stays_so(self):
        served = Served(token=TOKEN, environment=ADMIN, config="startup_timeout: 1s\n").__enter__()
        self.addCleanup(served.__exit__)
        served.wait_until_ready()
        path = "/api/v1/actors/root/venues/kraken"
        paused = "SELECT count(*) FROM audit WHERE action = 'pause' AND outcome = 'done'"
        self.assertEqual(served.ask(path + "/pause", "POST", bearer(TOKEN), b"")[0], 202)
        eventually(lambda: rows(served.folder / "admin.db", paused)[0][0] == 1, "the record")
        served.server.stop(signal.SIGKILL)
        served.start()
        served.server.wait_for("stays paused: static-token paused it at 20")
        eventually(lambda: served.json(path)["state"] == "paused", "a paused venue")
        # It is no reason to give up that no venue is connected.
        started = time.monotonic()
        eventually(lambda: time.monotonic() - started > 2.5 and served.ask("/healthz")[0] == 200,
                   "a server that lasts")
        self.assertEqual(served.json("/api/v1/venues")["venues"][0]["frames"]["received"], 0)
        self.assertEqual(served.ask(path + "/resume", "POST", bearer(TOKEN), b"")[0], 202)
        served.wait_until_ready()
        served.server.stop(signal.SIGTERM)
        served.start()
        served.wait_until_ready()


if __name__ == "__main__":
    unittest.main(verbosity=2)
