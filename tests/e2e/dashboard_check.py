"""The dashboard in a real browser, headless Chromium, against a running server. Run by ctest.

With FEEDTREE_SCREENSHOTS=FOLDER pictures are kept there."""
import pathlib
import signal
import sys
import time
import unittest

from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from browsed import Page  # noqa: E402
from databases import Sqlite  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served(venues=("kraken", "binance"), token=TOKEN).__enter__()
        cls.addClassCleanup(cls.served.__exit__)
        cls.served.wait_until_ready()
        cls.page = Page(cls.served)
        cls.addClassCleanup(cls.page.close)

    def test_it_loads_and_shows_what_there_is(self):
        self.page.open()
        self.page.until(lambda: self.page.text("#ready") == "ready", "readiness is shown")
        for venue in ("kraken", "binance"):
            self.page.until(lambda: "live" in self.page.text(f"[data-venue={venue}]"), venue)
        self.assertIn("sqlite", self.page.text("#sinks"))
        self.assertIn("journal", self.page.text("#sinks"))
        self.assertIn("Everything works", self.page.text("#problems"))
        self.assertEqual(self.page.problems(), [])
        self.page.picture("overview")

    def test_insecure_defaults_are_shown_plainly(self):
        self.page.open()
        self.assertIn("Insecure defaults in use", self.page.text("#insecure"))
        self.assertIn("SQLite", self.page.text("#insecure"))
        self.assertTrue(self.page.find("#insecure").is_displayed())

    def test_it_is_live(self):
        self.page.open()
        tile = "#tiles [data-key='Events a second'] .value span"
        self.page.until(lambda: self.page.text(tile) not in ("", "0"), "a rate above zero")
        before = self.page.text("#sinks [data-sink=sqlite] dd")
        self.page.until(lambda: self.page.text("#sinks [data-sink=sqlite] dd") != before,
                        "the number of delivered events changes")

    def test_the_tree_of_actors_unfolds(self):
        self.page.open("actors")
        self.page.until(lambda: self.page.count("#actors tr") >= 5, "actors")
        self.page.click("#actors tr[data-path='root/venues/kraken'] .twist")
        book = "#actors tr[data-path='root/venues/kraken/book-BTC-USD']"
        self.page.until(lambda: "running" in self.page.text(book), "a book's actor")
        self.page.until(lambda: self.page.text(book + " td:nth-child(3)") not in ("", "0"),
                        "messages a second")
        self.page.picture("actors")

    def test_an_actor_is_found_by_search(self):
        self.page.open("actors")
        search = self.page.find("#actor-search")
        search.clear()
        search.send_keys("binance/book-ETH")
        self.page.until(lambda: self.page.count("#actors tr") == 4, "the actor and its parents")
        search.send_keys(Keys.CONTROL, "a")
        search.send_keys(Keys.BACKSPACE)

    def test_a_book_is_shown_and_moves(self):
        self.page.open("books")
        self.page.until(lambda: self.page.count("#instruments tr") == 4, "four instruments")
        self.page.click("#instruments tr[data-key='binance ETH-USDT'] .row-link")
        self.page.until(lambda: "ETH-USDT at binance" == self.page.text("#book-title"), "title")
        self.page.until(lambda: self.page.count("#ladder .level") >= 10, "levels")
        self.page.until(lambda: self.page.count("#depth path") == 3, "the depth chart")
        before = self.page.text("#ladder")
        self.page.until(lambda: self.page.text("#ladder") != before, "the ladder moves")
        self.page.picture("books")

    def test_everything_can_be_reached_by_keyboard(self):
        self.page.open()
        seen = []
        for _ in range(12):
            self.page.driver.switch_to.active_element.send_keys(Keys.TAB)
            seen.append(self.page.driver.execute_script(
                "const a = document.activeElement; return a.id || a.dataset.tab || a.className"))
        for wanted in ("skip", "overview", "actors", "books", "ledger", "token", "theme"):
            self.assertIn(wanted, seen)

    def test_light_and_dark(self):
        self.page.open()
        shown = "return getComputedStyle(document.body).backgroundColor"
        first = self.page.driver.execute_script(shown)
        self.page.click("#theme")
        second = self.page.driver.execute_script(shown)
        self.assertNotEqual(first, second)
        self.page.picture("other-theme")
        self.page.click("#theme")
        self.assertEqual(self.page.driver.execute_script(shown), first)


class Narrow(unittest.TestCase):
    def test_nothing_is_wider_than_a_phone(self):
        with Served() as served:
            served.wait_until_ready()
            page = Page(served, width=500, height=900)
            self.addCleanup(page.close)
            page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
            for view in ("overview", "actors", "books", "ledger"):
                page.open(view)
                time_to_draw = "return new Promise((r) => requestAnimationFrame(() => r(true)))"
                page.driver.execute_script(time_to_draw)
                width = page.driver.execute_script("return document.documentElement.scrollWidth")
                self.assertLessEqual(width, 390, view)
                page.picture("phone-" + view)


class Faults(unittest.TestCase):
    def test_a_fault_is_shown_within_two_seconds_of_its_detection(self):
        with Served(faults={"kraken": ["drop:every=400,instrument=BTC-USD,kind=book"]}) as served:
            page = Page(served)
            self.addCleanup(page.close)
            began = time.monotonic()
            page.open("ledger")
            allowed_s = max(2, 2 * (time.monotonic() - began))  # as long as this machine takes to show a page
            gaps = "#gaps tr:not([data-key=none])"
            page.until(lambda: page.count(gaps) > 0, "a gap")
            # From now on every new gap is timed: when it began, and when the page has it.
            newest = served.json("/api/v1/gaps?limit=1")["gaps"][0]["id"]
            known = page.count(gaps)

            def later():
                entry = served.json("/api/v1/gaps?limit=1")["gaps"][0]
                return entry if entry["id"] != newest else None
            eventually(later, "another gap", 60)
            seen = time.monotonic()
            page.until(lambda: page.count(gaps) > known, "the page shows it")
            self.assertLess(time.monotonic() - seen, allowed_s)
            page.picture("ledger")

    def test_a_venue_that_dies_and_a_lost_connection_are_shown(self):
        with Served(venues=("kraken", "binance")) as served:
            served.wait_until_ready()
            page = Page(served)
            self.addCleanup(page.close)
            began = time.monotonic()
            page.open()
            page.until(lambda: "live" in page.text("[data-venue=kraken]"), "the venue is shown")
            allowed_s = max(2, 2 * (time.monotonic() - began))  # as long as this machine takes to show a page
            served.venues["kraken"].stop(signal.SIGKILL)
            eventually(lambda: served.ask("/readyz")[0] == 503, "the server noticed")
            seen = time.monotonic()
            page.until(lambda: "venue kraken" in page.text("#problems"), "the alert")
            self.assertLess(time.monotonic() - seen, allowed_s)
            self.assertIn("not ready", page.text("#ready"))
            page.until(lambda: "connecting" in page.text("[data-venue=kraken]"), "the venue")
            self.assertIn("live", page.text("[data-venue=binance]"))
            page.picture("venue-lost")
            served.server.stop(signal.SIGKILL)
            page.until(lambda: "connection lost" in page.text("#link"), "the lost connection")
            page.until(lambda: "Connection to the server lost" in page.text("#lost"), "the banner")
            page.picture("server-lost")


class Outages(unittest.TestCase):
    def test_what_was_missed_while_the_server_was_dead_is_shown(self):
        with Served() as served:
            served.wait_until_ready()
            stored = Sqlite(served.folder / "events.db")
            eventually(lambda: len(stored.rows("SELECT DISTINCT instrument FROM trade UNION ALL"
                                               " SELECT DISTINCT instrument FROM book")) == 4,
                       "data of four feeds")
            served.server.stop(signal.SIGKILL)
            served.start()
            served.wait_until_ready()

            def ended():
                entries = [each for each in served.json("/api/v1/gaps")["gaps"]
                           if each["cause"] == "outage" and each["end_ns"]]
                feeds = {(each["instrument"], each["feed"]) for each in entries}
                return len(feeds) == 4 and entries
            eventually(ended, "an entry of each feed")
            page = Page(served)
            self.addCleanup(page.close)
            page.open()
            page.until(lambda: "(outage)" in page.text("#losses"), "the outage is shown")
            shown = page.text("#losses")
            self.assertIn("feedtree was not running", shown)
            page.open("ledger")
            page.until(lambda: page.text("#gaps").count("outage") >= 4, "its entries")
            self.assertEqual(page.problems(), [])
            page.picture("outage")


class Alerts(unittest.TestCase):
    RULES = ("rules:\n  - name: no-trade\n    check: range\n    kinds: [trade]\n    field: price\n"
             "    max: 0.5\n    outcome: [flag]\n    alert: critical\n")

    def test_those_of_rules_are_in_the_ledger_and_in_what_happened_last(self):
        with Served(config="validation: {rules: FOLDER/rules.yaml}\n",
                    files={"rules.yaml": self.RULES}) as served:
            served.wait_until_ready()
            page = Page(served)
            self.addCleanup(page.close)
            page.open("ledger")
            page.until(lambda: "no-trade" in page.text("#raised"), "the alert in its table")
            row = page.text("#raised tr")
            for word in ("critical", "kraken", "no-trade", ":trade:"):
                self.assertIn(word, row)
            search = page.find("#ledger-search")
            search.send_keys("nothing is called so")
            page.until(lambda: "Nothing is like this." in page.text("#raised"), "the search")
            page.open()
            page.until(lambda: "no-trade" in page.text("#timeline"), "the alert among what happened")
            page.open("actors")
            page.click("#actors tr[data-path='root/venues/kraken'] .twist")
            book = "#actors tr[data-path='root/venues/kraken/book-BTC-USD'] td:nth-child(3)"
            page.until(lambda: "µs" in page.text(book) or "ms" in page.text(book),
                       "the time of a message")
            self.assertEqual(page.problems(), [])
            page.picture("alerts")


if __name__ == "__main__":
    unittest.main(warnings="ignore")
