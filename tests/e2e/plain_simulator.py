"""A simulated venue without TLS, as a context manager."""
import os, re, signal, subprocess

BINARY = os.environ["FEEDTREE_BINARY"]


class Simulator:
    def __init__(self, venue, instrument, *more):
        self.process = subprocess.Popen(
            [BINARY, "simulate", "--venue", venue, "--listen", "127.0.0.1:0", "--instruments",
             instrument, *more], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.url = "http://127.0.0.1:" + re.search(r":(\d+) ", line).group(1)

    def wait_for(self, words):
        for line in self.process.stdout:
            if words in line:
                return
        raise AssertionError("the simulator never said: " + words)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()
