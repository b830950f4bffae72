"""The runbooks walked through against simulated venues: what docs/runbooks says happens, happens; and the
queries of docs/slo.md and of the runbooks are answered by a real Prometheus. Run by ctest."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import FEEDTREE, Nats, Process, ROOT, free_port  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402

DOCS = ROOT / "docs"


def queries():
    """Every PromQL block of the objectives, the runbooks and the checklists, with its page."""
    pages = [DOCS / "slo.md", *sorted((DOCS / "runbooks").glob("*.md")),
             *sorted((DOCS / "checklists").glob("*.md"))]
    for page in pages:
        for block in re.findall(r"```promql\n(.*?)```", page.read_text(), re.DOTALL):
            yield page.name, block.strip()


class Queries(unittest.TestCase):
    def test_each_is_answered_by_a_prometheus_that_reads_the_server(self):
        faults = {"kraken": ["malformed:every=50", "drop:every=100,kind=book"]}
        with Served(venues=("kraken", "binance"), faults=faults) as served:
            eventually(lambda: served.json("/api/v1/quarantine")["quarantine"], "quarantine", 60)
            port = free_port()
            (served.folder / "prometheus.yml").write_text(
                "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: feedtree\n"
                f"    static_configs: [{{targets: ['{served.url.split('//')[1]}']}}]\n")
            prometheus = Process("prometheus", [
                "prometheus", f"--config.file={served.folder}/prometheus.yml",
                f"--storage.tsdb.path={served.folder}/tsdb",
                f"--web.listen-address=127.0.0.1:{port}"], served.folder)
            self.addCleanup(prometheus.stop)

            def ask(query):
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                try:
                    link.request("GET", "/api/v1/query?query=" + urllib.parse.quote(query))
                    return json.loads(link.getresponse().read())
                except (OSError, ValueError, http.client.HTTPException):
                    return {}
                finally:
                    link.close()
            # Rates need some samples.
            eventually(lambda: ask("count_over_time(up[1m]) >= 4").get("data", {}).get("result"),
                       "samples in Prometheus", 90)
            found = list(queries())
            self.assertGreater(len(found), 20)
            for page, query in found:
                with self.subTest(page=page, query=query):
                    answer = ask(query)
                    self.assertEqual(answer.get("status"), "success", answer)
                    self.assertTrue(answer["data"]["result"], "no result")


class Commands(unittest.TestCase):
    """What stands between backquotes and begins with curl, feedtree or sqlite3 is run as it stands."""

    def test_each_of_them_works_on_a_running_server(self):
        pages = [*sorted((DOCS / "runbooks").glob("*.md")), DOCS / "checklists/oncall.md"]
        with Served(venues=("kraken", "binance"), token=TOKEN) as served:
            served.wait_until_ready()
            environment = {**os.environ, "FEEDTREE_OPERATOR_TOKEN": TOKEN,
                           "PATH": f"{served.folder}:{os.environ['PATH']}"}
            (served.folder / "feedtree").symlink_to(FEEDTREE)
            (served.folder / "copy.yaml").write_text((served.folder / "config.yaml").read_text())
            seen = 0
            for page in pages:
                for command in re.findall(r"`((?:curl|feedtree|sqlite3) -?[^`]+)`", page.read_text()):
                    if "--cacert" in command or "..." in command:
                        continue
                    command = (command.replace("http://127.0.0.1:8080", served.url)
                               .replace("data/feedtree.db", "events.db")
                               .replace("config/feedtree.yaml", "config.yaml"))
                    if command in ("feedtree run", "feedtree status", "feedtree admin"):
                        continue  # words of a sentence
                    with self.subTest(page=page.name, command=command):
                        done = subprocess.run(["bash", "-o", "pipefail", "-c", command],
                                              cwd=served.folder, env=environment, text=True,
                                              capture_output=True, timeout=60)
                        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                        self.assertEqual(done.stderr, "")
                        # Of a member that is not there.
                        self.assertNotIn("null", done.stdout.splitlines())
                        if "OLD" in command:
                            self.assertEqual(done.stdout, "401\n")
                        seen += 1
            self.assertGreater(seen, 12)


class Walks(unittest.TestCase):
    def alerts(self, served, component, lasting=True):
        return [each for each in served.json("/api/v1/alerts")["alerts"]
                if each["component"] == component and lasting == (each["cleared_ns"] is None)]

    def sink(self, served, name):
        return next(each for each in served.json("/api/v1/sinks")["sinks"] if each["sink"] == name)

    def metric(self, served, name):
        text = served.ask("/metrics")[2].decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.startswith(name))

    def reload(self, served, change):
        path = served.folder / "config.yaml"
        path.write_text(change(path.read_text()))
        served.server._child.send_signal(signal.SIGHUP)

    def test_exchange_outage(self):
        config = "breaker: {failures: 3, open_for: 2s}\nreconnect: {initial: 50ms, max: 200ms}\n"
        with Served(venues=("kraken", "binance"), config=config) as served:
            served.wait_until_ready()
            served.venues["kraken"].stop(signal.SIGKILL)
            eventually(lambda: self.alerts(served, "venue kraken"), "the alert")
            self.assertEqual(self.alerts(served, "venue kraken")[0]["severity"], "critical")
            reason = eventually(lambda: json.loads(served.ask("/readyz")[2])["reasons"], "a reason")
            self.assertIn("venue kraken: connecting, no connection is open", reason[0])
            eventually(lambda: "circuit breaker is open" in served.server.text(), "the breaker")
            gaps = served.json("/api/v1/gaps?venue=kraken")["gaps"]
            self.assertTrue(any(gap["end_ns"] is None for gap in gaps))
            venues = {each["venue"]: each for each in served.json("/api/v1/venues")["venues"]}
            self.assertEqual(venues["binance"]["state"], "live")
            self.assertEqual(served.json("/api/v1/gaps?venue=binance")["gaps"], [])
            served.bring_back("kraken")
            served.wait_until_ready()
            self.assertFalse(self.alerts(served, "venue kraken"))
            eventually(lambda: all(gap["end_ns"] for gap in
                                   served.json("/api/v1/gaps?venue=kraken&instrument=BTC-USD")["gaps"]
                                   if gap["feed"] == "book"), "the ledger's entries to end")

    def test_websocket_desync(self):
        with Served(faults={"kraken": ["drop:every=200,kind=book,instrument=BTC-USD"]},
                    token=TOKEN) as served:
            gap = eventually(lambda: [each for each in
                                      served.json("/api/v1/gaps?instrument=BTC-USD")["gaps"]
                                      if each["cause"] == "checksum" and each["recovered"]],
                             "a gap that was repaired", 60)[0]
            self.assertEqual(gap["repair"], "resubscribe")
            self.assertFalse([each for each in served.json("/api/v1/gaps?instrument=ETH-USD")["gaps"]
                              if each["cause"] == "checksum"])
            path = "/api/v1/actors/root/venues/kraken/connection-1"
            before = served.json(path)["restarts"]
            self.assertEqual(served.ask(path + "/restart", "POST", {}, b"")[0], 401)
            self.assertEqual(served.ask(path + "/restart", "POST",
                                        {"Authorization": "Bearer " + TOKEN}, b"")[0], 202)
            eventually(lambda: served.json(path)["restarts"] > before, "the restart")
            eventually(lambda: served.json("/api/v1/venues")["venues"][0]["books"]["live"] == 2,
                       "live books", 60)

    def test_sink_down(self):
        with Served() as served:
            served.wait_until_ready()
            lock = sqlite3.connect(served.folder / "events.db", isolation_level=None)
            lock.execute("BEGIN EXCLUSIVE")
            failing = eventually(lambda: self.alerts(served, "sink sqlite"), "the alert")
            self.assertIn("database is locked", failing[0]["text"])
            self.assertEqual(self.sink(served, "sqlite")["state"], "failing")
            name = 'feedtree_sink_journal_positions_behind{sink="sqlite"'
            eventually(lambda: self.metric(served, name) > 100, "positions that wait")
            self.assertEqual(self.sink(served, "none")["state"], "ok")
            lock.execute("ROLLBACK")
            lock.close()
            eventually(lambda: self.sink(served, "sqlite")["state"] == "ok", "the sink to catch up")
            served.wait_until_ready()
            self.assertEqual(self.metric(served, "feedtree_journal_events_dropped_total"), 0)
            self.assertEqual(self.metric(served, "feedtree_queue_events_dropped_total"), 0)

    def test_journal_full(self):
        with Served(rate=2000, journal=", max_size: 1MiB",
                    config="credit: {events: 1024, bytes: 1MiB}\n") as served:
            served.wait_until_ready()
            lock = sqlite3.connect(served.folder / "events.db", isolation_level=None)
            lock.execute("BEGIN EXCLUSIVE")
            eventually(lambda: self.alerts(served, "journal"), "the journal's alert", 120)
            self.assertTrue(served.json("/api/v1/sinks")["journal"]["at_limit"])
            self.assertIn("is full: everything waits", served.server.text())
            self.assertEqual(self.metric(served, "feedtree_journal_healthy"), 0)
            lock.execute("ROLLBACK")
            lock.close()
            eventually(lambda: not served.json("/api/v1/sinks")["journal"]["at_limit"], "room", 60)
            served.wait_until_ready()
            self.assertEqual(self.metric(served, "feedtree_journal_events_dropped_total"), 0)

    def test_nats_outage(self):
        folder = pathlib.Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True,
                                             text=True).stdout.strip())
        self.addCleanup(shutil.rmtree, folder, True)
        nats = Nats(folder)
        self.addCleanup(lambda: nats.process.is_running() and nats.process.stop())
        with Served(sinks=f"  - {{kind: nats, url: \"{nats.url}\"}}\n") as served:
            served.wait_until_ready()
            nats.kill()
            eventually(lambda: self.alerts(served, "sink nats"), "the alert")
            self.assertIn("sink nats", json.loads(served.ask("/readyz")[2])["reasons"][0])
            before = self.sink(served, "sqlite")["events_delivered"]
            eventually(lambda: self.sink(served, "sqlite")["events_delivered"] > before + 100,
                       "events in the database")
            taken = self.sink(served, "nats")["events_delivered"]
            nats.restart()
            eventually(lambda: self.sink(served, "nats")["state"] == "ok", "NATS again")
            eventually(lambda: self.sink(served, "nats")["events_delivered"] > taken, "messages")
            served.wait_until_ready()
            self.assertEqual(self.metric(served, "feedtree_journal_events_dropped_total"), 0)
            self.assertEqual(nats.request("md.v1.get.book.kraken.BTC-USD")["instrument"], "BTC-USD")

    def test_secret_rotation(self):
        with Served(token=TOKEN) as served:
            served.wait_until_ready()
            path = "/api/v1/actors/root/venues/kraken/connection-1/restart"
            self.reload(served, lambda text: text.replace("{kind: sqlite,",
                                                           "{kind: sqlite, rows_max: 5000,"))
            eventually(lambda: "sinks: cannot change while the server runs" in served.server.text(),
                       "the word that a start is needed")
            old = {"Authorization": "Bearer " + TOKEN}
            self.assertEqual(served.ask(path, "POST", old, b"")[0], 202)
            self.assertEqual(served.server.stop(), 0)
            served.token = "another token of an operator"
            served.start()
            served.wait_until_ready()
            self.assertEqual(served.ask(path, "POST", old, b"")[0], 401)
            new = {"Authorization": "Bearer " + served.token}
            self.assertEqual(served.ask(path, "POST", new, b"")[0], 202)
            operated = "/api/v1/actors/root/operator"
            self.assertEqual(served.ask(operated + "/restart", "POST", new, b"")[0], 202)

            def restarts():
                try:
                    return served.json(operated)["restarts"]
                except OSError:
                    return 0
            eventually(lambda: restarts() == 1, "HTTP on the same port")

    def test_rollback(self):
        with Served() as served:
            served.wait_until_ready()
            self.assertEqual(served.server.stop(), 0)
            sink = f"sqlite:{served.folder}/events.db"
            status = [FEEDTREE, "migrate", "--status", "--sink", sink]
            self.assertEqual(subprocess.run(status, capture_output=True).returncode, 0)
            copy = served.folder / "before.db"
            with sqlite3.connect(served.folder / "events.db") as database:
                with sqlite3.connect(copy) as to:
                    database.backup(to)
                # As a newer version would leave it.
                database.execute("INSERT INTO schema_migration SELECT version + 1, 'newer', sha256, "
                                 "applied_ns FROM schema_migration ORDER BY version DESC LIMIT 1")
            refused = subprocess.run(status, capture_output=True, text=True)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("does not know", refused.stdout + refused.stderr)
            environment = {**os.environ, "FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1"}
            run = subprocess.run([FEEDTREE, "run", "--config", served.folder / "config.yaml"],
                                 capture_output=True, text=True, env=environment, timeout=60)
            self.assertEqual(run.returncode, 1)
            self.assertIn("does not know", run.stderr)
            for name in ("events.db-wal", "events.db-shm"):
                (served.folder / name).unlink(missing_ok=True)
            copy.replace(served.folder / "events.db")
            served.start()
            served.wait_until_ready()

    def test_kill_switch_at_once(self):
        with Served(venues=("kraken", "binance"), token=TOKEN) as served:
            served.wait_until_ready()
            key = {"Authorization": "Bearer " + TOKEN}
            path = "/api/v1/actors/root/venues/kraken"
            self.assertEqual(served.ask(path + "/pause", "POST", {}, b"")[0], 401)
            self.assertEqual(served.ask(path + "/pause", "POST", key, b"")[0], 202)
            eventually(lambda: served.json(path)["state"] == "paused", "the pause", 15)
            eventually(lambda: served.ask("/api/v1/books/kraken/BTC-USD")[0] == 404,
                       "the book to be gone", 15)
            eventually(lambda: served.ask("/readyz")[0] == 503, "a reason")
            with sqlite3.connect(served.folder / "events.db") as database:
                def rows(venue):
                    return database.execute("SELECT count(*) FROM book WHERE venue = ?",
                                            (venue,)).fetchone()[0]
                goes_on = rows("binance")
                eventually(lambda: rows("binance") > goes_on + 100, "the neighbour's rows")
                gone, goes_on = rows("kraken"), rows("binance")
                eventually(lambda: rows("binance") > goes_on + 100, "the neighbour's rows")
                self.assertEqual(rows("kraken"), gone)
            self.assertEqual(served.json("/api/v1/gaps?venue=binance")["gaps"], [])
            self.assertEqual(served.ask(path + "/resume", "POST", key, b"")[0], 202)
            served.wait_until_ready()

    def test_kill_switch_for_longer(self):
        with Served(venues=("kraken", "binance")) as served:
            served.wait_until_ready()
            whole = (served.folder / "config.yaml").read_text()
            without = re.sub(r"  - venue: kraken\n(?:    .*\n)+", "", whole)
            self.assertNotIn("kraken", without)
            checked = served.folder / "checked.yaml"
            checked.write_text(without)
            self.assertEqual(subprocess.run([FEEDTREE, "check-config", checked],
                                            capture_output=True).returncode, 0)
            self.reload(served, lambda text: without)

            def names():
                return [each["venue"] for each in served.json("/api/v1/venues")["venues"]]
            eventually(lambda: names() == ["binance"], "the venue to be gone", 15)
            eventually(lambda: served.ask("/api/v1/books/kraken/BTC-USD")[0] == 404,
                       "the book to be gone", 15)
            eventually(lambda: served.json("/api/v1/actors/root/venues/kraken").get("status") == 404,
                       "its actors to be gone", 15)
            with sqlite3.connect(served.folder / "events.db") as database:
                def rows(venue):
                    return database.execute("SELECT count(*) FROM book WHERE venue = ?",
                                            (venue,)).fetchone()[0]
                gone, goes_on = rows("kraken"), rows("binance")
                eventually(lambda: rows("binance") > goes_on + 100, "the neighbour's rows")
                self.assertEqual(rows("kraken"), gone)
            self.assertEqual(served.json("/api/v1/gaps?venue=binance")["gaps"], [])
            self.assertEqual(served.ask("/readyz")[0], 200)
            self.reload(served, lambda text: whole)
            eventually(lambda: sorted(names()) == ["binance", "kraken"], "the venue again")
            served.wait_until_ready()


if __name__ == "__main__":
    for tool in ("prometheus", "nats-server", "curl", "jq"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: make deps")
    unittest.main(warnings="ignore")
