"""A real browser, headless Chromium, on a running server, for the checks of the dashboard.

With FEEDTREE_SCREENSHOTS=FOLDER pictures are kept there."""
import os
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PICTURES = os.environ.get("FEEDTREE_SCREENSHOTS")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--force-color-profile=srgb", "--hide-scrollbars")


def browser(folder, width=1440, height=1000):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--window-size={width},{height}", f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


class Page:
    """One browser on one server."""

    def __init__(self, served, **size):
        self.served = served
        self.profile = tempfile.TemporaryDirectory(prefix="feedtree-chromium-",
                                                   ignore_cleanup_errors=True)
        self.driver = browser(self.profile.name, **size)
        self.driver.set_script_timeout(30)

    def close(self):
        self.driver.quit()
        self.profile.cleanup()

    def open(self, view="overview"):
        self.driver.get(f"{self.served.url}/#{view}")
        self.until(lambda: self.text("#link") == "live", "the page is live")

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """The text that is shown; reads it in one step, since elements come and go."""
        return self.driver.execute_script(
            "const n = document.querySelector(arguments[0]); return n ? n.innerText : ''", selector)

    def count(self, selector):
        return self.driver.execute_script(
            "return document.querySelectorAll(arguments[0]).length", selector)

    def click(self, selector):
        self.driver.execute_script("document.querySelector(arguments[0]).click()", selector)

    def type(self, selector, what):
        """Types into a field that is shown, in the place of what it holds."""
        self.until(lambda: self.find(selector).is_displayed(), selector)
        self.find(selector).clear()
        self.find(selector).send_keys(what)

    def press(self, key):
        """Presses a key where the focus is."""
        self.driver.switch_to.active_element.send_keys(key)

    def focus(self):
        """The id of what has the focus."""
        return self.driver.execute_script("return document.activeElement.id")

    def is_open(self, dialog):
        return self.driver.execute_script(
            "return document.querySelector(arguments[0]).open", dialog)

    def change(self, path, action):
        """Presses a button of an actor, which has to be shown; asks nothing else."""
        button = f"#actors tr[data-path='{path}'] button.{action}"
        self.until(lambda: self.count(button + ":not([hidden])") == 1, f"{action} of {path}")
        self.click(button)

    def sign_in(self, name, password):
        self.until(lambda: self.is_open("#sign-in"), "the sign-in")
        self.type("#sign-in-name", name)
        self.type("#sign-in-password", password)
        self.press(Keys.ENTER)

    def until(self, look, what, timeout_s=60):
        try:
            return WebDriverWait(self.driver, timeout_s, 0.05).until(lambda _: look())
        except Exception as error:
            raise AssertionError(f"{what}: {self.text('body')[:1500]}") from error

    def picture(self, name):
        if PICTURES:
            self.driver.save_screenshot(f"{PICTURES}/{name}.png")

    def problems(self):
        """What the browser found wrong with the page, but for connections that the test broke."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")
                and "ERR_CONNECTION_REFUSED" not in entry["message"]
                and "Failed to load resource" not in entry["message"]
                and "ERR_INCOMPLETE_CHUNKED" not in entry["message"]]
