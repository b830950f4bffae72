"""The dashboard's sign-in, and what operators do with it, in a real browser. Run by ctest."""
import pathlib
import sys
import unittest

from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from browsed import Page  # noqa: E402
from operated import ADMIN, PASSWORD, Operated  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402

VENUE = "root/venues/kraken"
BOOK = "root/venues/kraken/book-ETH-USD"


class Browsed(Operated):
    """A server with accounts, and a browser that nobody is signed in with."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = Page(cls.served)
        cls.addClassCleanup(cls.page.close)

    def setUp(self):
        self.page.open()
        self.page.driver.execute_script("sessionStorage.clear(); localStorage.clear()")
        self.page.driver.refresh()
        self.page.until(lambda: self.page.text("#token") == "Sign in", "nobody is signed in")
        self.page.until(lambda: self.page.text("#link") == "live", "the page is live")

    def actors(self):
        """The view of actors with those of one venue unfolded."""
        self.page.open("actors")
        self.page.type("#actor-search", "kraken")

    def enter(self, name, password=PASSWORD):
        """Signs in, again where the machine is so busy that hashing takes seconds."""
        def is_in():
            if self.page.text("#who-name") == name:
                return True
            if "answer" in self.page.text("#sign-in-error"):
                self.page.click("#sign-in-ok")
            return False
        self.page.sign_in(name, password)
        self.page.until(is_in, name + " is signed in")


class SignIn(Browsed):
    def test_an_operator_signs_in_by_keyboard_and_out(self):
        self.add("olga", "operator")
        self.page.find("#token").send_keys(Keys.ENTER)
        self.page.until(lambda: self.page.focus() == "sign-in-name", "the focus on the name")
        self.page.press("olga")
        self.page.press(Keys.TAB)
        self.assertEqual(self.page.focus(), "sign-in-password")
        fields = [(self.page.find(name).get_attribute("autocomplete"),
                   self.page.find(name).accessible_name)
                  for name in ("#sign-in-name", "#sign-in-password")]
        self.assertEqual(fields, [("username", "Name"), ("current-password", "Password")])
        self.page.picture("sign-in")
        self.page.press(Keys.ESCAPE)
        self.page.until(lambda: self.page.focus() == "token", "the focus back on the button")
        self.page.click("#token")
        self.enter("olga")
        self.assertFalse(self.page.is_open("#sign-in"))
        self.assertEqual(self.page.text("#who-role"), "operator")
        self.assertEqual(self.page.text("#token"), "Sign out")
        token = self.page.driver.execute_script("return sessionStorage['feedtree-token']")
        self.page.driver.refresh()
        self.page.until(lambda: self.page.text("#who-name") == "olga", "she still is after a reload")
        self.page.picture("signed-in")
        self.page.click("#token")
        self.page.until(lambda: self.page.text("#toast") == "Signed out", "the sign-out")
        self.assertFalse(self.page.find("#who").is_displayed())
        eventually(lambda: self.change(f"/api/v1/actors/{BOOK}/restart", token)[0] == 401,
                   "the token has ended at the server")
        self.has_audit("olga", "logout")
        self.assertEqual(self.page.problems(), [])

    def test_the_reason_of_a_refusal_stands_in_the_dialog(self):
        self.add("paul", "operator")
        self.page.click("#token")
        self.page.sign_in("paul", "not the password")
        expected = self.log_in("paul", "not this one either")[2]["detail"]
        self.page.until(lambda: self.page.text("#sign-in-error"), "a reason")
        self.page.until(lambda: expected in self.page.text("#sign-in-error"), expected)
        self.assertEqual(self.page.find("#sign-in-error").get_attribute("role"), "alert")
        self.assertTrue(self.page.is_open("#sign-in"))
        self.assertEqual(self.page.focus(), "sign-in-password")
        self.page.picture("sign-in-refused")
        for _ in range(12):
            self.try_log_in("paul", "wrong again and again")
        self.page.press(Keys.ENTER)
        self.page.until(lambda: "try again in" in self.page.text("#sign-in-error"), "Retry-After")
        self.page.click("#sign-in-cancel")
        self.page.until(lambda: not self.page.is_open("#sign-in"), "the dialog closes")
        self.assertEqual(self.page.text("#token"), "Sign in")

    def test_the_operators_token_may_be_given_instead(self):
        self.page.click("#token")
        self.page.click("#sign-in-other")
        for token, shown in (("wrong", "there is no such token"), (TOKEN, "")):
            self.page.type("#sign-in-secret", token)
            self.page.press(Keys.ENTER)
            self.page.until(lambda: shown in self.page.text("#sign-in-error"), shown)
        self.page.until(lambda: self.page.text("#who-name") == "operator's token", "who it is")
        self.assertEqual(self.page.text("#who-role"), "operator")
        self.page.click("#token")
        self.page.until(lambda: self.page.text("#toast") == "Signed out", "the sign-out")
        self.assertEqual(self.change(f"/api/v1/actors/{BOOK}/restart")[0], 202)  # it goes on

    def test_a_revoked_token_is_told_and_the_sign_in_is_offered(self):
        self.add("rita", "operator")
        self.page.click("#token")
        self.enter("rita")
        self.admin("revoke", "rita")
        self.page.until(lambda: "You are signed out" in self.page.text("#ended"), "the notice")
        self.assertEqual(self.page.text("#token"), "Sign in")
        self.page.picture("signed-out")
        self.page.click("#ended-sign-in")
        self.enter("rita")
        self.assertFalse(self.page.find("#ended").is_displayed())
        # It may also come to light by a change: then the sign-in comes, and the question again.
        self.actors()
        self.page.change(BOOK, "restart")
        self.page.until(lambda: self.page.is_open("#dialog"), "the question")
        self.admin("revoke", "rita")
        self.page.until(lambda: self.page.text("#token") == "Sign in", "the end of the sign-in")
        self.page.click("#dialog-ok")
        self.enter("rita")
        self.page.until(lambda: self.page.is_open("#dialog"), "the question again")
        self.page.click("#dialog-ok")
        self.page.until(lambda: "is under way" in self.page.text("#toast"), "the restart")
        self.assertEqual(self.page.problems(), [])


class Changes(Browsed):
    def test_a_viewer_is_refused_to_restart_and_an_operator_may(self):
        self.add("victor", "viewer")
        self.add("otto", "operator")
        self.actors()
        self.page.change(BOOK, "restart")
        self.enter("victor")
        self.page.until(lambda: self.page.is_open("#dialog"), "the question")
        self.page.picture("restart")
        before = self.served.json("/api/v1/actors/" + BOOK)["restarts"]
        self.page.click("#dialog-ok")
        reason = "victor is a viewer: this needs the role operator"
        self.page.until(lambda: reason in self.page.text("#dialog-error"), "the reason")
        self.page.picture("restart-refused")
        self.page.press(Keys.ESCAPE)
        self.page.until(lambda: not self.page.is_open("#dialog"), "the question is gone")
        self.assertEqual(self.served.json("/api/v1/actors/" + BOOK)["restarts"], before)
        self.page.click("#token")
        self.page.until(lambda: self.page.text("#token") == "Sign in", "the sign-out")
        self.page.change(BOOK, "restart")
        self.enter("otto")
        self.page.until(lambda: self.page.is_open("#dialog"), "the question")
        self.page.press(Keys.ENTER)
        self.page.until(lambda: "is under way" in self.page.text("#toast"), "the restart")
        eventually(lambda: self.served.json("/api/v1/actors/" + BOOK)["restarts"] == before + 1,
                   "one restart")
        self.has_audit("victor", "restart", "actors/" + BOOK, "refused")
        self.has_audit("otto", "restart", "actors/" + BOOK, "done")

    def test_a_venue_is_paused_and_resumed_by_the_buttons(self):
        self.add("pia", "operator")
        self.addCleanup(self.change, f"/api/v1/actors/{VENUE}/resume")
        self.actors()
        self.page.until(lambda: self.page.count(f"#actors tr[data-path='{BOOK}'] button") == 3, "rows")
        for path in (BOOK, "root/venues"):  # what others cannot do without
            self.assertEqual(self.page.count(
                f"#actors tr[data-path='{path}'] button.pause:not([hidden])"), 0, path)
        self.page.change(VENUE, "pause")
        self.enter("pia")
        self.page.until(lambda: self.page.is_open("#dialog"), "the question")
        self.assertIn("nothing of it is sent to anybody", self.page.text("#dialog-text"))
        self.page.picture("pause")
        self.page.click("#dialog-ok")
        self.page.until(lambda: not self.page.is_open("#dialog"), "the pause was taken")
        self.page.until(lambda: "paused" in self.page.text(f"#actors tr[data-path='{VENUE}']"), "row")
        self.page.open()
        card = "[data-venue=kraken]"
        self.page.until(lambda: "paused" in self.page.text(card), "the card says so")
        self.page.until(lambda: "is paused by an operator" in self.page.text("#problems"), "the list")
        self.assertNotIn("connecting", self.page.text(card) + self.page.text("#problems"))
        self.assertIn("Resume it under Actors", self.page.text("#problems"))
        self.page.picture("paused")
        self.actors()
        self.page.change(VENUE, "resume")
        self.page.click("#dialog-ok")
        self.page.open()
        self.page.until(lambda: "live" in self.page.text(card) and "paused" not in self.page.text(card),
                        "the venue is live again")
        self.page.until(lambda: "Everything works" in self.page.text("#problems"), "all is well")

    def test_the_question_says_what_a_pause_of_a_sink_means(self):
        self.add("sven", "operator")
        self.page.click("#token")
        self.enter("sven")
        self.page.open("actors")
        self.page.type("#actor-search", "sinks/")
        for sink, words in (("sqlite", "catches up from the journal"),
                            ("none", "all venues and all other sinks wait for it")):
            self.page.change("root/sinks/" + sink, "pause")
            self.page.until(lambda: words in self.page.text("#dialog-text"), words)
            self.page.click("#dialog-cancel")
            self.page.until(lambda: not self.page.is_open("#dialog"), "it is closed")


class Hidden(unittest.TestCase):
    # As a server answers that needs a token for reading, too.
    HIDE = """
        const real = window.fetch;
        window.fetch = (path, options = {}) => {
          const isKnown = (options.headers || {}).Authorization || path === "/api/v1/login";
          return isKnown ? real(path, options) : Promise.resolve(new Response("{}", { status: 401 }));
        };"""

    def test_nothing_is_shown_before_the_sign_in_and_all_after_it(self):
        with Served(token=TOKEN) as served:
            served.wait_until_ready()
            page = Page(served)
            self.addCleanup(page.close)
            page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": self.HIDE})
            page.driver.get(served.url)
            page.until(lambda: page.is_open("#sign-in"), "the sign-in comes by itself")
            self.assertIn("only to those who are signed in", page.text("#sign-in-text"))
            page.press(Keys.ESCAPE)
            page.until(lambda: page.find("#ended").is_displayed(), "the notice stays")
            page.click("#ended-sign-in")
            page.click("#sign-in-other")
            page.type("#sign-in-secret", TOKEN)
            page.press(Keys.ENTER)
            page.until(lambda: page.text("#link") == "live", "the page is live")
            page.until(lambda: "live" in page.text("[data-venue=kraken]"), "the venue")
            self.assertFalse(page.find("#ended").is_displayed())
            self.assertEqual(page.problems(), [])


class Phone(unittest.TestCase):
    def test_the_sign_in_fits_a_phone(self):
        with Served(token=TOKEN, environment=ADMIN) as served:
            page = Page(served, width=500, height=900)
            self.addCleanup(page.close)
            page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
            page.open()
            page.click("#token")
            for selector in ("#sign-in", "#sign-in-name", "#sign-in-ok", "#sign-in-other"):
                box = page.find(selector).rect
                self.assertGreaterEqual(box["x"], 0, selector)
                self.assertLessEqual(box["x"] + box["width"], 390, selector)
            page.picture("phone-sign-in")


if __name__ == "__main__":
    unittest.main(warnings="ignore")
