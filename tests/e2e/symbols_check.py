"""Instruments that a venue does not have, or not yet, and a venue that refuses: as an operator of a running
server sees them. Run by ctest."""
import http.server
import json
import os
import pathlib
import signal
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from served import Served, TOKEN, eventually  # noqa: E402

OPERATOR = {"Authorization": "Bearer " + TOKEN}
UNKNOWN = "instrument LATE-USD at kraken"
RESTRICTED = json.dumps({"code": 0, "msg": "Service unavailable from a restricted location"}).encode()


class Refusal(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(451)
        self.send_header("Content-Length", str(len(RESTRICTED)))
        self.end_headers()
        self.wfile.write(RESTRICTED)

    def log_message(self, *_):
        pass


class Symbols(unittest.TestCase):
    def setUp(self):
        self.served = Served(token=TOKEN)
        self.addCleanup(self.served.__exit__)
        self.served.__enter__()
        self.served.wait_until_ready()

    def change(self, before, after):
        """Changes the configuration and makes the server read it again."""
        path = self.served.folder / "config.yaml"
        text = path.read_text()
        self.assertIn(before, text)
        path.write_text(text.replace(before, after, 1))
        self.reload()

    def reload(self):
        os.kill(self.served.server.pid, signal.SIGHUP)

    def instrument(self, name):
        found = [each for each in self.served.json("/api/v1/instruments?venue=kraken")["instruments"]
                 if each["instrument"] == name]
        return found[0] if found else {"state": "not there"}

    def put(self, name, venue="kraken"):
        status, _, body = self.served.ask(f"/api/v1/venues/{venue}/instruments/{name}", "PUT", OPERATOR,
                                          b"")
        return status, json.loads(body)

    def problems(self):
        return {each["component"]: each for each in self.served.json("/api/v1/overview")["problems"]}

    def test_an_instrument_that_is_listed_later_is_one_named_problem_and_starts_by_itself(self):
        self.change("[BTC-USD, ETH-USD]", "[BTC-USD, ETH-USD, LATE-USD]")
        problem = eventually(lambda: self.problems().get(UNKNOWN), "the problem with its name")
        self.assertEqual(problem["severity"], "warning")
        self.assertIn("kraken does not list it", problem["text"])
        status, _, body = self.served.ask("/readyz")
        ready = json.loads(body)
        self.assertEqual((status, ready["ready"], ready["reasons"]), (200, True, []))
        self.assertEqual([each.startswith(UNKNOWN) for each in ready["warnings"]], [True])
        self.assertEqual(list(self.problems()), [UNKNOWN])
        listed = self.instrument("LATE-USD")
        self.assertEqual(listed["state"], "unknown")
        self.assertIn("kraken does not list it", listed["reason"])
        self.assertEqual(self.served.json("/api/v1/venues")["venues"][0]["state"], "live")
        self.assertIn('feedtree_instruments_unknown{venue="kraken"} 1',
                      self.served.ask("/metrics")[2].decode())
        lasting = [each["component"] for each in self.served.json("/api/v1/alerts")["alerts"]
                   if each["cleared_ns"] is None]
        self.assertEqual(lasting, [UNKNOWN])
        # The venue comes back with the instrument.
        self.served.venues["kraken"].stop()
        self.served.venues["kraken"].instruments += ("LATE-USD",)
        self.served.bring_back("kraken")
        self.reload()
        eventually(lambda: self.instrument("LATE-USD")["state"] == "live", "the book of LATE-USD", 60)
        eventually(lambda: self.problems() == {}, "no problem")
        self.assertEqual(self.served.ask("/readyz")[0], 200)

    def test_only_an_instrument_that_the_venue_has_can_be_added(self):
        status, problem = self.put("BTC-USDX")
        self.assertEqual(status, 404, problem)
        self.assertIn("kraken has no instrument BTC-USDX: kraken does not list it; did you mean BTC-USD",
                      problem["detail"])
        self.assertEqual(self.instrument("BTC-USDX")["state"], "not there")
        status, problem = self.put("BTC-USD-PERP")
        self.assertEqual(status, 409)
        self.assertIn("kraken-futures has them", problem["detail"])
        self.assertEqual(self.put("BTC-USD", "nowhere")[0], 404)
        self.assertEqual(self.put("BTC-USD")[0], 409)
        details = [each["detail"] or "" for each in self.served.json("/api/v1/audit")["records"]
                   if each["action"] == "add"]
        self.assertTrue([each for each in details if "did you mean" in each], details)

    def test_a_venue_that_refuses_is_quoted(self):
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        address = f"127.0.0.1:{web.server_port}"
        self.change("sinks:\n", f"  - {{venue: binance, instruments: [BTC-USDT], feeds: [trade], "
                                f"websocket_url: ws://{address}, rest_url: http://{address}}}\nsinks:\n")
        words = 'HTTP 451: {"code": 0, "msg": "Service unavailable from a restricted location"}'
        problem = eventually(
            lambda: words in self.problems().get("venue binance", {"text": ""})["text"] and
            self.problems()["venue binance"], "the venue's words")
        self.assertIn("asking for symbols", problem["text"])
        self.assertIn(words, self.served.server.text())
        alerts = self.served.json("/api/v1/alerts")["alerts"]
        self.assertTrue([each for each in alerts if words in each["text"]], alerts)


if __name__ == "__main__":
    unittest.main(verbosity=2)
