"""What leaves a running server for people and other systems: alerts over a webhook, metrics in a file
and at a push gateway. The receivers are real servers on loopback. Run by ctest."""
import hashlib
import hmac
import http.client
import http.server
import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import free_port  # noqa: E402
from served import Served, eventually  # noqa: E402

SECRET = "a secret of these tests"


class Receiver:
    """An HTTP server that notes what it gets, and answers with the statuses that it was given, then 200."""

    def __init__(self, port=0, tls=None):
        self.requests = []
        self.statuses = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def take(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = outer.statuses.pop(0) if outer.statuses else 200
                outer.requests.append((self.command, self.path, dict(self.headers), body, status))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            do_POST = do_PUT = take

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def alerts(self, status=200):
        return [json.loads(body) for _, _, _, body, given in self.requests if given == status]


def metric(served, name):
    """The sum of a metric's samples whose lines begin so."""
    text = served.ask("/metrics")[2].decode()
    values = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name)]
    return sum(values) if values else None


def webhook_config(url, extra=""):
    return (f"alerts:\n  webhook:\n    url: {url}\n    secret: {SECRET}\n"
            f"    retry: {{initial: 50ms, max: 200ms}}\n{extra}")


class Webhook(unittest.TestCase):
    def receiver(self, **options):
        result = Receiver(**options)
        self.addCleanup(lambda: result.thread.is_alive() and result.close())
        return result

    def check_signature(self, request):
        command, path, headers, body, _ = request
        self.assertEqual((command, path), ("POST", "/hooks/a?b=c"))
        self.assertEqual(headers["Content-Type"], "application/json")
        signed = headers["X-Feedtree-Timestamp"].encode() + b"." + body
        wanted = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        self.assertEqual(headers["X-Feedtree-Signature"], "sha256=" + wanted)
        self.assertLess(abs(int(headers["X-Feedtree-Timestamp"]) - time.time()), 60)
        self.assertEqual(headers["X-Feedtree-Delivery"], json.loads(body)["id"])

    def test_alerts_begin_and_end_at_a_receiver_with_tls_and_are_signed(self):
        port = free_port()
        served = Served(config=webhook_config(f"https://127.0.0.1:{port}/hooks/a?b=c",
                                              "    ca_file: FOLDER/tls/ca.pem\n")).__enter__()
        self.addCleanup(served.__exit__)
        served.wait_until_ready()
        receiver = self.receiver(port=port, tls=served.folder / "tls")
        served.venues["kraken"].stop(signal.SIGKILL)

        def of_kraken(event, severity=None):
            return [each for each in receiver.alerts() if each["component"] == "venue kraken"
                    and each["event"] == event and severity in (None, each["severity"])]
        eventually(lambda: of_kraken("begin", "critical"), "an alert of the venue")
        served.bring_back("kraken")
        served.wait_until_ready()
        eventually(lambda: of_kraken("end"), "its end")
        for request in list(receiver.requests):
            self.check_signature(request)
        ids = [each["id"] for each in receiver.alerts()]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(metric(served, 'feedtree_webhook_alerts_total{outcome="delivered"}'), 1)

    def test_what_is_not_taken_is_sent_again_and_what_is_refused_is_not(self):
        receiver = self.receiver()
        # The first alert is taken at the third attempt, the second is refused.
        receiver.statuses = [503, 429, 200, 400]
        with Served(config=webhook_config(f"http://127.0.0.1:{receiver.port}/hooks/a?b=c")) as served:
            served.wait_until_ready()
            served.venues["kraken"].stop(signal.SIGKILL)
            eventually(lambda: len(receiver.requests) >= 3, "three requests")
            served.bring_back("kraken")
            eventually(lambda: len(receiver.requests) >= 4, "four requests")
            first = [request[3] for request in receiver.requests[:3]]
            self.assertEqual(first[0], first[1])
            self.assertEqual(first[0], first[2])
            eventually(lambda: metric(served, 'feedtree_webhook_alerts_total{outcome="refused"}') == 1,
                       "a refusal that is counted")
            refused = receiver.requests[3][3]
            self.assertEqual([request[3] for request in receiver.requests].count(refused), 1)
            self.assertEqual(metric(served, "feedtree_webhook_retries_total"), 2)
            self.assertIn("answers an alert with status 400", served.server.text())
            self.assertNotIn(SECRET, served.server.text())
            self.assertNotIn("/hooks/a", served.server.text())

    def test_alerts_wait_for_a_receiver_that_is_away(self):
        port = free_port()
        with Served(config=webhook_config(f"http://127.0.0.1:{port}/hooks/a?b=c")) as served:
            served.wait_until_ready()
            served.venues["kraken"].stop(signal.SIGKILL)

            def says_so():
                return [each for each in served.json("/api/v1/alerts")["alerts"]
                        if each["component"] == "alert webhook" and not each["cleared_ns"]]
            eventually(says_so, "an alert about the webhook itself")
            self.assertEqual(served.ask("/healthz")[0], 200)
            receiver = self.receiver(port=port)
            eventually(lambda: [each for each in receiver.alerts()
                                if each["component"] == "venue kraken"], "what waited")
            eventually(lambda: not says_so(), "the webhook's own alert to end")
            eventually(lambda: metric(served, "feedtree_webhook_waiting") == 0, "nothing to wait")

    def test_a_receiver_whose_certificate_is_not_trusted_gets_nothing(self):
        port = free_port()
        with Served(config=webhook_config(f"https://127.0.0.1:{port}/x")) as served:
            receiver = self.receiver(port=port, tls=served.folder / "tls")
            eventually(lambda: "certificate" in served.server.text(), "a word about the certificate")
            eventually(lambda: [each for each in served.json("/api/v1/alerts")["alerts"]
                                if each["component"] == "alert webhook"], "an alert")
            self.assertEqual(receiver.requests, [])

    def test_alerts_of_rules_reach_http_events_and_the_webhook(self):
        receiver = self.receiver()
        rules = ("rules:\n  - name: no-trade\n    check: range\n    kinds: [trade]\n    field: price\n"
                 "    max: 0.5\n    outcome: [flag]\n    alert: critical\n")
        config = (webhook_config(f"http://127.0.0.1:{receiver.port}/hooks/a?b=c",
                                 "    severity: critical\n")
                  + "validation: {rules: FOLDER/rules.yaml}\n")
        with Served(config=config, files={"rules.yaml": rules}) as served:
            link = http.client.HTTPConnection(served.url.split("//")[1], timeout=60)
            link.request("GET", "/api/v1/events?topics=alerts")
            stream = link.getresponse()
            name = ""
            while name != "raised":
                line = stream.readline().decode()
                self.assertTrue(line, "the stream ended")
                if line.startswith("event: "):
                    name = line[7:].strip()
            told = json.loads(stream.readline().decode()[6:])
            self.assertEqual((told["rule"], told["severity"]), ("no-trade", "critical"))
            link.close()
            raised = served.json("/api/v1/alerts?venue=kraken&limit=5")["raised"]
            self.assertIn(told["id"], [each["id"] for each in raised])
            self.assertEqual(served.json("/api/v1/alerts?venue=okx")["raised"], [])
            eventually(lambda: [each for each in receiver.alerts()
                                if each["rule"] == "no-trade" and each["id"] == told["id"]],
                       "the alert at the webhook")
            self.assertGreater(metric(
                served, 'feedtree_alerts_raised_total{venue="kraken",severity="critical"}'), 0)


class Push(unittest.TestCase):
    def test_a_gateway_gets_what_prometheus_would_read(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        config = (f"metrics:\n  push:\n    url: http://127.0.0.1:{receiver.port}/gate/\n"
                  "    job: market-data\n    instance: host-a\n    interval: 1s\n")
        with Served(config=config) as served:
            served.wait_until_ready()
            eventually(lambda: len(receiver.requests) >= 2, "two pushes")
            for command, path, headers, body, _ in receiver.requests[:2]:
                self.assertEqual((command, path),
                                 ("PUT", "/gate/metrics/job/market-data/instance/host-a"))
                self.assertTrue(headers["Content-Type"].startswith("text/plain; version=0.0.4"))
                checked = subprocess.run(["promtool", "check", "metrics"], input=body,
                                         capture_output=True)
                self.assertEqual((checked.returncode, checked.stderr), (0, b""))
            self.assertIn(b'feedtree_venue_live{venue="kraken"}', receiver.requests[-1][3])
            self.assertGreater(metric(served, 'feedtree_metrics_pushes_total{outcome="accepted"}'), 0)

    def test_a_gateway_that_fails_is_told_of_and_tried_again(self):
        port = free_port()
        config = f"metrics: {{push: {{url: \"http://127.0.0.1:{port}\", interval: 1s}}}}\n"
        with Served(config=config) as served:
            def says_so():
                return [each for each in served.json("/api/v1/alerts")["alerts"]
                        if each["component"] == "metrics push" and not each["cleared_ns"]]
            eventually(says_so, "an alert about the push")
            receiver = Receiver(port=port)
            self.addCleanup(receiver.close)
            receiver.statuses = [500]
            eventually(lambda: len(receiver.requests) >= 2, "pushes")
            eventually(lambda: not says_so(), "the alert's end")
            self.assertGreater(metric(served, 'feedtree_metrics_pushes_total{outcome="failed"}'), 1)


class File(unittest.TestCase):
    def lines(self, folder):
        found = []
        for path in sorted(folder.glob("metrics-*.jsonl")):
            found += [json.loads(line) for line in path.read_text().splitlines()]
        return found

    def values(self, line, name):
        scope = line["resourceMetrics"][0]["scopeMetrics"][0]
        points = [each["sum"]["dataPoints"] for each in scope["metrics"] if each["name"] == name]
        return sum(point["asDouble"] for point in points[0])

    def test_lines_are_whole_go_up_and_end_with_the_last_counts(self):
        with Served(config="metrics: {file: {path: FOLDER/out/metrics, interval: 500ms}}\n") as served:
            folder = served.folder / "out/metrics"
            served.wait_until_ready()
            eventually(lambda: len(self.lines(folder)) >= 3, "three lines")
            self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
            before = len(self.lines(folder))
            self.assertEqual(served.server.stop(), 0)
            lines = self.lines(folder)
            self.assertGreater(len(lines), before)
            counts = [self.values(line, "feedtree_events_total") for line in lines]
            self.assertEqual(counts, sorted(counts))
            self.assertGreater(counts[-1], counts[0])
            resource = lines[0]["resourceMetrics"][0]["resource"]["attributes"]
            self.assertEqual(resource[0], {"key": "service.name",
                                           "value": {"stringValue": "feedtree"}})

    def test_files_are_bounded(self):
        config = ("metrics: {file: {path: FOLDER/metrics, interval: 100ms, rotate_size: 64KiB, "
                  "max_size: 1MiB}}\n")
        with Served(config=config) as served:
            folder = served.folder / "metrics"
            eventually(lambda: metric(served, "feedtree_metrics_file_lines_total") > 30, "lines", 60)
            self.assertGreater(len(list(folder.iterdir())), 3)
            self.assertLessEqual(sum(path.stat().st_size for path in folder.iterdir()), 1 << 20)
            self.assertEqual(served.ask("/healthz")[0], 200)

    def test_a_folder_that_cannot_be_written_is_an_alert_and_nothing_worse(self):
        with Served(config="metrics: {file: {path: FOLDER/file/metrics, interval: 500ms}}\n",
                    files={"file": "no folder"}) as served:
            eventually(lambda: [each for each in served.json("/api/v1/alerts")["alerts"]
                                if each["component"] == "metrics file"], "an alert")
            served.wait_until_ready()
            self.assertGreater(metric(served, "feedtree_metrics_file_errors_total"), 0)
            self.assertEqual(served.server.stop(), 0)


if __name__ == "__main__":
    if shutil.which("promtool") is None:
        sys.exit("promtool is missing: make deps")
    unittest.main(warnings="ignore")
