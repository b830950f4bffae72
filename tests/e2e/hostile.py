"""A whole feedtree on loopback for tests in Python: simulators of all venues, a NATS server, the server.

Everything started here is stopped by its own pid. Files are in the folder of the run."""
import base64
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FEEDTREE = pathlib.Path(os.environ.get("FEEDTREE_BINARY", ROOT / "build/release/feedtree"))

# One instrument that is harmed and one that is its neighbour, at each venue.
VENUES = {
    "kraken": ("BTC-USD", "ETH-USD"),
    "kraken-futures": ("BTC-USD-PERP", "ETH-USD-PERP"),
    "coinbase": ("BTC-USD", "ETH-USD"),
    "binance": ("BTC-USDT", "ETH-USDT"),
    "binance-usdm": ("BTC-USDT-PERP", "ETH-USDT-PERP"),
    "binance-coinm": ("BTC-USD-BTC-PERP", "ETH-USD-ETH-PERP"),
    "bybit": ("BTC-USDT", "ETH-USDT"),
    "okx": ("BTC-USDT", "ETH-USDT"),
}


class Process:
    """A child with its output in <folder>/<name>.log."""

    def __init__(self, name, argv, folder, environment=None):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}.log"
        self._file = open(self.log, "ab")
        self._begin = self._file.seek(0, os.SEEK_END)
        self._child = subprocess.Popen([str(part) for part in argv], stdout=self._file,
                                       stderr=subprocess.STDOUT, start_new_session=True,
                                       env={**os.environ, **(environment or {})})

    @property
    def pid(self):
        return self._child.pid

    def text(self):
        return self.log.read_text(errors="replace")

    def text_of_this_start(self):
        """Without what an earlier process of this name wrote."""
        return self.log.read_bytes()[self._begin:].decode(errors="replace")

    def is_running(self):
        return self._child.poll() is None

    def wait_for(self, what, timeout_s=20):
        """Waits until the log has this text."""
        end = time.monotonic() + timeout_s
        while what not in self.text_of_this_start():
            if not self.is_running() or time.monotonic() > end:
                raise RuntimeError(f"{self.name}: '{what}' did not come: {self.text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, number=signal.SIGTERM, timeout_s=40):
        """Sends a signal and waits; kills what does not end. The exit code."""
        if self.is_running():
            self._child.send_signal(number)
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            return -signal.SIGKILL
        finally:
            self._file.close()

    def memory_kib(self):
        """Resident memory now; 0 when it has ended."""
        try:
            for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        except OSError:
            pass
        return 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Simulator(Process):
    """One venue over TLS, with its fault log and its truth."""

    def __init__(self, venue, folder, *, faults=(), seed=1, rate=100, instruments=None,
                 extra=(), truth=True):
        self.venue = venue
        self.instruments = tuple(instruments or VENUES[venue])
        self.fault_log = pathlib.Path(folder) / f"{venue}.faults.jsonl"
        self.truth = pathlib.Path(folder) / f"{venue}.truth.jsonl"
        argv = [FEEDTREE, "simulate", "--venue", venue, "--listen", "127.0.0.1:0",
                "--tls-cert", f"{folder}/tls/cert.pem", "--tls-key", f"{folder}/tls/key.pem",
                "--seed", seed, "--instruments", ",".join(self.instruments), "--rate", rate,
                "--fault-log", self.fault_log, *extra]
        if truth:
            argv += ["--truth", self.truth]
        for fault in faults:
            argv += ["--fault", fault]
        super().__init__(venue, argv, folder)
        self.wait_for("listens on ")
        self.address = self.text().split("listens on ")[1].split()[0]

    def config(self, folder, settings="", feeds=("book", "trade")):
        """The venue's part of the server's configuration."""
        return (f"  - venue: {self.venue}\n    instruments: [{', '.join(self.instruments)}]\n"
                f"    feeds: [{', '.join(feeds)}]\n    websocket_url: wss://{self.address}\n"
                f"    rest_url: https://{self.address}\n    tls: {{ca_file: {folder}/tls/ca.pem}}\n"
                + settings)


class Nats:
    """A NATS server of its own, which can be killed and come back on its port."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.restarts = 0
        self._start()

    def _start(self):
        self.process = Process("nats", ["nats-server", "-a", "127.0.0.1", "-p", self.port,
                                        "-js", "-sd", f"{self.folder}/jetstream"], self.folder)
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or not self.process.is_running():
                    raise
                time.sleep(0.02)

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    def kill(self):
        self.process.stop(signal.SIGKILL)

    def restart(self):
        self.restarts += 1
        self._start()

    def request(self, subject, timeout_s=5, body=b""):
        """Asks and gives the answer as JSON."""
        with NatsLink(self.port, timeout_s) as link:
            link.send(b"SUB _INBOX.chaos 1\r\n"
                      + f"PUB {subject} _INBOX.chaos {len(body)}\r\n".encode() + body + b"\r\n")
            return json.loads(link.next_message())

    def stored(self, stream, subject):
        """The messages of a stream with this subject, in their order."""
        sequence, target = 1, f"$JS.API.STREAM.MSG.GET.{stream}"
        while True:
            answer = self.request(target, body=json.dumps(
                {"seq": sequence, "next_by_subj": subject}).encode())
            if "message" not in answer:
                return
            sequence = answer["message"]["seq"] + 1
            yield json.loads(base64.b64decode(answer["message"]["data"]))


class NatsLink:
    """A connection to a NATS server, as far as tests need one. A context manager."""

    def __init__(self, port, timeout_s):
        self._link = socket.create_connection(("127.0.0.1", port), timeout_s)
        self._stream = self._link.makefile("rb")
        self.send(b'CONNECT {"verbose":false,"headers":false}\r\n')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._link.close()

    def send(self, text):
        self._link.sendall(text)

    def next_message(self):
        """The body of the next one."""
        while True:
            line = self._stream.readline()
            if not line:
                raise RuntimeError("NATS ended the connection")
            if line.startswith(b"PING"):
                self.send(b"PONG\r\n")
            if line.startswith(b"MSG "):
                body = self._stream.read(int(line.split()[-1]))
                self._stream.readline()
                return body


class Listener(threading.Thread):
    """Keeps all messages of a subject, as objects, until it is closed."""

    def __init__(self, nats, subject):
        super().__init__(daemon=True)
        self.messages = []
        self._link = NatsLink(nats.port, None)
        self._link.send(f"SUB {subject} 1\r\nPING\r\n".encode())
        self.start()

    def run(self):
        try:
            while True:
                self.messages.append(json.loads(self._link.next_message()))
        except (OSError, RuntimeError, ValueError):
            return  # closed, or the server ended

    def close(self):
        self._link.close()


def make_certificate(folder):
    subprocess.run([FEEDTREE, "make-certificate", f"{folder}/tls"], check=True,
                   stdout=subprocess.DEVNULL)


def start_server(folder, config, arguments=(), environment=None):
    path = pathlib.Path(folder) / "server.yaml"
    path.write_text(config)
    return Process("server", [FEEDTREE, "run", "--config", path, *arguments], folder,
                   {"FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1", **(environment or {})})


def read_lines(path):
    """The objects of a JSON Lines file; a last line that is being written is left out."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)
