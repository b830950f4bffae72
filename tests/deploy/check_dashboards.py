"""A real Prometheus with our configuration reads a real server over TLS: every expression of the dashboards
gives something, every rule is evaluated and what its text names is there. Run by ctest."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from hostile import FEEDTREE, Process, Simulator, free_port  # noqa: E402
from served import TOKEN, eventually  # noqa: E402

SELECTOR = re.compile(r"\bfeedtree_\w+(?:\{[^}]*\})?")


def panels():
    """Title, expression and legend of all that a dashboard shows."""
    for board in (ROOT / "docker/grafana/dashboards").glob("*.json"):
        whole = json.loads(board.read_text())
        for panel in whole["panels"]:
            for target in panel["targets"]:
                yield (f"{board.name}: {panel['title']}", target["expr"].replace("$venue", ".*"),
                       target["legendFormat"])


class Dashboards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder = pathlib.Path(tempfile.mkdtemp(prefix="feedtree-dashboards-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        subprocess.run([FEEDTREE, "make-certificate", folder / "tls"], check=True,
                       stdout=subprocess.DEVNULL)
        venues = [Simulator(name, folder) for name in ("kraken", "binance")]
        for venue in venues:
            cls.addClassCleanup(venue.stop)
        (folder / "config.yaml").write_text(
            "venues:\n" + "".join(venue.config(folder) for venue in venues) +
            f"sinks:\n  - {{kind: sqlite, path: {folder}/events.db}}\n  - kind: none\n"
            f"journal: {{path: {folder}/journal}}\narchive: {{path: {folder}/archive}}\n"
            f"http: {{listen: 127.0.0.1:0, cert_file: {folder}/tls/cert.pem, "
            f"key_file: {folder}/tls/key.pem}}\n")
        server = Process("server", [FEEDTREE, "run", "--config", folder / "config.yaml"], folder,
                         {"FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1", "FEEDTREE_OPERATOR_TOKEN": TOKEN})
        cls.addClassCleanup(server.stop)
        server.wait_for("HTTP at https://")
        cls.start_prometheus(server.text().split("HTTP at https://")[1].split()[0])

    @classmethod
    def start_prometheus(cls, target):
        """As the compose file starts it; only places and intervals are others."""
        folder = cls.folder
        text = (ROOT / "docker/prometheus/prometheus.yml").read_text()
        for old, new in (("feedtree:8080", target), ("/etc/feedtree", str(folder)),
                         ("/etc/prometheus/rules.yml", str(ROOT / "docker/prometheus/rules.yml")),
                         ("_interval: 10s", "_interval: 1s")):
            assert old in text, old
            text = text.replace(old, new)
        (folder / "tls/operator_token").write_text(TOKEN)
        (folder / "prometheus.yml").write_text(text)
        port = free_port()
        cls.url = f"http://127.0.0.1:{port}"
        prometheus = Process("prometheus", [
            "prometheus", f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"], folder)
        cls.addClassCleanup(prometheus.stop)
        prometheus.wait_for("Server is ready to receive web requests")
        # Rates need two readings, and the server counts frames by then.
        eventually(lambda: [each for each in cls.query("rate(feedtree_frames_total[1m])")
                            if float(each["value"][1]) > 0], "rates in Prometheus", 60)

    @classmethod
    def ask(cls, path):
        with urllib.request.urlopen(cls.url + path, timeout=30) as answer:
            return json.load(answer)["data"]

    @classmethod
    def query(cls, expression):
        return cls.ask("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))["result"]

    def test_every_panel_shows_something_and_its_legend_has_values(self):
        shown = list(panels())
        self.assertGreater(len(shown), 20)
        for title, expression, legend in shown:
            with self.subTest(title, expression=expression):
                series = self.query(expression)
                self.assertTrue(series, "shows nothing")
                for label in re.findall(r"\{\{(\w+)\}\}", legend):
                    self.assertTrue(all(each["metric"].get(label) for each in series), label)

    def test_the_variables_of_dashboards_have_values(self):
        for board in (ROOT / "docker/grafana/dashboards").glob("*.json"):
            for variable in json.loads(board.read_text())["templating"]["list"]:
                metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)",
                                             variable["query"]["query"]).groups()
                values = {each["metric"].get(label) for each in self.query(metric)}
                self.assertEqual(values, {"kraken", "binance"}, variable["name"])

    def test_every_rule_is_evaluated_and_what_it_names_is_there(self):
        def rules():
            found = [rule for group in self.ask("/api/v1/rules")["groups"] for rule in group["rules"]]
            return found if found and all(rule["health"] == "ok" for rule in found) else None
        evaluated = eventually(rules, "the health of all rules", 30)
        self.assertGreater(len(evaluated), 10)
        for rule in evaluated:
            with self.subTest(rule["name"]):
                labels = set()
                for selector in SELECTOR.findall(rule["query"]):
                    # Where it asks for what must not be, the labels are those of the others.
                    series = self.query(selector.replace('state!="live"', 'state="live"'))
                    self.assertTrue(series, f"{selector} is nothing")
                    labels |= series[0]["metric"].keys()
                named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
                self.assertLessEqual(named, labels)


if __name__ == "__main__":
    if shutil.which("prometheus") is None:
        sys.exit("prometheus is missing: make deps")
    unittest.main(warnings="ignore", verbosity=2)
