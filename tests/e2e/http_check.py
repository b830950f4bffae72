"""The HTTP endpoints of a running server: what it describes is what it answers; Prometheus reads its
metrics; abuse is answered or closed, and the stream of events goes on. Run by ctest."""
import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import FEEDTREE, Process, free_port  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402

EXAMPLES = {"{venue}": "kraken", "{instrument}": "BTC-USD", "{path}": "root/venues/kraken",
            "{file}": "main.js"}


def filled(path):
    for name, value in EXAMPLES.items():
        path = path.replace(name, value)
    return path


class Description(unittest.TestCase):
    """/openapi.json against what is really answered."""

    @classmethod
    def setUpClass(cls):
        cls.served = Served(faults={"kraken": ["drop:every=200", "malformed:every=300"]},
                            token=TOKEN).__enter__()
        cls.addClassCleanup(cls.served.__exit__)
        # So that the lists hold something.
        for name in ("gaps", "states", "quarantine"):
            eventually(lambda: cls.served.json(f"/api/v1/{name}")[name], f"an entry in {name}", 60)
        cls.document = cls.served.json("/openapi.json")

    def validator(self, schema):
        whole = {**schema, "components": self.document["components"]}
        return jsonschema.Draft202012Validator(whole)

    def check(self, operation, status, headers, body):
        described = operation["responses"].get(str(status))
        self.assertIsNotNone(described, f"status {status} is not described")
        kind = headers["Content-Type"].split(";")[0]
        self.assertIn(kind, described["content"])
        if kind.endswith("json"):
            self.validator(described["content"][kind]["schema"]).validate(json.loads(body))

    def test_every_get_answers_as_described(self):
        for path, operations in self.document["paths"].items():
            if "get" not in operations or path == "/api/v1/events":
                continue
            with self.subTest(path):
                for accept in ("application/json", "text/html"):
                    self.check(operations["get"],
                               *self.served.ask(filled(path), headers={"Accept": accept}))

    def test_problems_are_as_described(self):
        paths = self.document["paths"]
        for path, example in {"/api/v1/actors/{path}": "/api/v1/actors/root/nobody",
                              "/api/v1/books/{venue}/{instrument}": "/api/v1/books/kraken/NO-WAY",
                              "/api/v1/gaps": "/api/v1/gaps?limit=0",
                              "/api/v1/events": "/api/v1/events?topics=x"}.items():
            with self.subTest(example):
                answer = self.served.ask(example)
                self.assertGreaterEqual(answer[0], 400)
                self.check(paths[path]["get"], *answer)

    def test_a_restart_needs_the_token_and_is_as_described(self):
        path = "/api/v1/actors/{path}/restart"
        operation = self.document["paths"][path]["post"]
        for headers, status in (({}, 401), ({"Authorization": "Bearer wrong"}, 401),
                                ({"Authorization": "Bearer " + TOKEN,
                                  "Origin": "http://evil.example"}, 403),
                                ({"Authorization": "Bearer " + TOKEN}, 202)):
            answer = self.served.ask(filled(path), "POST", headers, b"")
            self.assertEqual(answer[0], status, headers)
            self.check(operation, *answer)
        self.assertIn("restart of root/venues/kraken was asked for", self.served.server.text())
        eventually(lambda: self.served.json("/api/v1/actors/root/venues/kraken")["restarts"] > 0,
                   "a restart that is counted")

    def test_the_description_has_exactly_the_endpoints_that_there_are(self):
        listed = json.loads(self.served.ask("/", headers={"Accept": "application/json"})[2])
        there = {(each["method"].lower(), each["path"].replace("...}", "}"))
                 for each in listed["endpoints"]}
        described = {(method, path) for path, operations in self.document["paths"].items()
                     for method in operations}
        self.assertEqual(there, described)

    def test_the_documentation_names_every_endpoint(self):
        text = (pathlib.Path(__file__).parents[2] / "docs/http.md").read_text()
        for path in self.document["paths"]:
            if path.startswith("/assets/"):
                continue
            self.assertIn(path.replace("/api/v1/states", "/states")
                          .replace("/api/v1/quarantine", "/quarantine"), text)

    def test_events_hold_what_their_schemas_say(self):
        schemas = {"gap": "gap", "state": "state_change", "quarantine": "quarantined",
                   "overview": "overview"}
        seen = set()
        host = self.served.url.split("//")[1]
        link = http.client.HTTPConnection(host, timeout=60)
        link.request("GET", "/api/v1/events")
        stream = link.getresponse()
        name = ""
        while seen != set(schemas):
            line = stream.readline().decode()
            self.assertTrue(line, "the stream ended")
            if line.startswith("event: "):
                name = line[7:].strip()
            elif line.startswith("data: ") and name in schemas:
                schema = {"$ref": "#/components/schemas/" + schemas[name]}
                self.validator(schema).validate(json.loads(line[6:]))
                seen.add(name)
        link.close()


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served().__enter__()
        cls.addClassCleanup(cls.served.__exit__)
        cls.served.wait_until_ready()

    def test_promtool_finds_nothing_to_say(self):
        text = self.served.ask("/metrics")[2]
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, b"", b""))

    def test_counts_go_up_and_labels_are_bounded(self):
        def count(text):
            return sum(float(value) for value in
                       re.findall(rb"feedtree_events_total\{.*?\} (\S+)", text))
        first = count(self.served.ask("/metrics")[2])
        eventually(lambda: count(self.served.ask("/metrics")[2]) > first, "more events")
        text = self.served.ask("/metrics")[2]
        names = set(re.findall(rb'[{,]([a-z_]+)="', text))
        self.assertLessEqual(names, {b"venue", b"kind", b"state", b"outcome", b"sink", b"index",
                                     b"service", b"running", b"version", b"le", b"rule", b"severity",
                                     b"reason", b"table", b"stage", b"channel", b"feed", b"part", b"why"})
        self.assertLess(len(text.splitlines()), 900)

    def test_the_documentation_has_every_metric_and_no_other(self):
        root = pathlib.Path(__file__).parents[2]
        documented = set(re.findall(r"^\| `feedtree_(\w+)` \|", (root / "docs/metrics.md").read_text(),
                                    re.MULTILINE))
        served = set(re.findall(r"^# TYPE feedtree_(\w+) ",
                                self.served.ask("/metrics")[2].decode(), re.MULTILINE))
        self.assertLessEqual(served, documented)
        sources = "".join(path.read_text() for path in (root / "actors/reporting").glob("metrics_*.cpp"))
        made = set(re.findall(r"\.(?:counter|gauge|histogram)\(\s*\"(\w+)\"", sources))
        self.assertEqual(documented, made)

    def test_a_real_prometheus_scrapes_it(self):
        folder = self.served.folder
        target = self.served.url.split("//")[1]
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: feedtree\n"
            f"    static_configs: [{{targets: ['{target}']}}]\n")
        port = free_port()
        prometheus = Process("prometheus", [
            "prometheus", f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}"], folder)
        try:
            def live():
                try:
                    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                    link.request("GET", "/api/v1/query?query=feedtree_venue_live")
                    return json.loads(link.getresponse().read())["data"]["result"]
                except (OSError, ValueError, KeyError, http.client.HTTPException):
                    return None
            result = eventually(live, "a sample in Prometheus", 60)
            self.assertEqual(result[0]["metric"]["venue"], "kraken")
        finally:
            prometheus.stop()


class Abuse(unittest.TestCase):
    """What comes in is answered or closed; events keep flowing."""

    @classmethod
    def setUpClass(cls):
        cls.served = Served(rate=1000).__enter__()
        cls.addClassCleanup(cls.served.__exit__)
        cls.served.wait_until_ready()
        cls.port = int(cls.served.url.rsplit(":", 1)[1])

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 30)

    def test_two_hundred_dashboards_all_get_their_events(self):
        readers = [self.connect() for _ in range(200)]
        for reader in readers:
            reader.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for reader in readers:
            file = reader.makefile("rb")
            overviews = 0
            while overviews < 3:
                line = file.readline()
                self.assertTrue(line, "a reader was cut off")
                overviews += line == b"event: overview\n"
        status, _, body = self.served.ask("/api/v1/overview")
        self.assertEqual(status, 200)
        overview = json.loads(body)
        self.assertEqual(overview["http"]["streams"], 200)
        self.assertEqual(overview["http"]["streams_cut"], 0)
        self.assertEqual(overview["venues"][0]["checks_failed"], 0)
        for reader in readers:
            reader.close()

    def test_a_thousand_slow_connections_keep_nobody_out(self):
        held = []
        for _ in range(1000):
            try:
                link = self.connect()
                link.sendall(b"GET /healthz HTTP/1.1\r\nHost: lo")
                held.append(link)
            except OSError:
                pass  # was closed to make room
        self.assertEqual(self.served.ask("/healthz")[0], 200)
        text = self.served.ask("/metrics")[2].decode()
        self.assertLessEqual(int(re.search(r"feedtree_http_connections (\d+)", text)[1]), 512)
        for link in held:
            link.close()

    def test_events_flow_while_requests_come_as_fast_as_they_can(self):
        before = self.served.json("/api/v1/venues")["venues"][0]["frames"]["received"]
        stop = time.monotonic() + 2
        counts = []

        def ask():
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            count = 0
            while time.monotonic() < stop:
                link.request("GET", "/api/v1/venues")
                answer = link.getresponse()
                answer.read()
                count += answer.status == 200
            counts.append(count)
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        venue = self.served.json("/api/v1/venues")["venues"][0]
        self.assertGreater(sum(counts), 100)
        self.assertGreater(venue["frames"]["received"], before)
        self.assertEqual(venue["frames"]["rejected"] + venue["checks_failed"], 0)
        print(f"{sum(counts) / 2:.0f} requests a second", file=sys.stderr)

    def test_what_is_no_request_is_refused(self):
        for data in (b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", b"\r\n" * 5000,
                     b"A" * 100_000, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 9000,
                     b"POST /readyz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n"):
            with self.subTest(data[:30]):
                link = self.connect()
                answer = b""
                try:
                    link.sendall(data)
                    link.shutdown(socket.SHUT_WR)
                    while piece := link.recv(65536):
                        answer += piece
                except OSError:
                    pass
                if answer:
                    self.assertRegex(answer, rb"^HTTP/1.1 4\d\d ")
        self.assertEqual(self.served.ask("/healthz")[0], 200)


class Status(unittest.TestCase):
    """feedtree status, which asks over HTTP."""

    def test_it_shows_a_server_and_whether_it_is_ready(self):
        with Served() as served:
            served.wait_until_ready()
            asked = [FEEDTREE, "status", "--url", served.url]
            shown = subprocess.run(asked, capture_output=True, text=True)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertRegex(shown.stdout, r"kraken +live")
            self.assertRegex(shown.stdout, r"sqlite +ok")
            served.venues["kraken"].stop(signal.SIGKILL)
            eventually(lambda: served.ask("/readyz")[0] == 503, "readiness lost")
            shown = subprocess.run(asked, capture_output=True, text=True)
            self.assertEqual(shown.returncode, 1)
            self.assertIn("! venue kraken: connecting", shown.stdout)
        gone = subprocess.run(asked, capture_output=True, text=True)
        self.assertEqual(gone.returncode, 1)
        self.assertIn(served.url, gone.stderr)


class Readiness(unittest.TestCase):
    def test_a_venue_that_goes_away_is_named_and_comes_back(self):
        with Served(venues=("kraken", "binance")) as served:
            served.wait_until_ready()
            served.venues["kraken"].stop(signal.SIGKILL)

            def unready():
                status, _, body = served.ask("/readyz")
                reasons = json.loads(body)["reasons"]
                return status == 503 and len(reasons) == 1 and reasons[0]
            reason = eventually(unready, "readiness lost")
            self.assertIn("venue kraken: connecting, no connection is open", reason)
            alerts = served.json("/api/v1/alerts")["alerts"]
            self.assertIn(("venue kraken", "critical"),
                          [(each["component"], each["severity"]) for each in alerts])
            served.bring_back("kraken")
            served.wait_until_ready()
            ended = [each for each in served.json("/api/v1/alerts")["alerts"]
                     if each["component"] == "venue kraken" and each["cleared_ns"]]
            self.assertTrue(ended)

    def test_the_port_is_closed_at_the_end_and_the_exit_code_is_good(self):
        with Served() as served:
            served.wait_until_ready()
            reader = socket.create_connection(("127.0.0.1", int(served.url.rsplit(":", 1)[1])), 30)
            reader.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            reader.recv(100)
            self.assertEqual(served.server.stop(), 0)
            while reader.recv(65536):
                pass


if __name__ == "__main__":
    for tool in ("promtool", "prometheus"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: make deps")
    unittest.main(warnings="ignore")
