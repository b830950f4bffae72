"""A small S3-like server for tests: PUT and HEAD of objects in a folder. It checks the signature of
every request itself (AWS Signature Version 4) and the body against the hash in it.

s3_server.py FOLDER [FAIL_FIRST]: prints "listens on 127.0.0.1:PORT"; answers the first FAIL_FIRST
requests with 503. Keys: access "tester", secret "secret". Prints one line a request.
"""
import hashlib
import hmac
import http.server
import os
import re
import sys
import urllib.parse

ACCESS, SECRET = "tester", "secret"
FOLDER = sys.argv[1]
failures_left = int(sys.argv[2]) if len(sys.argv) > 2 else 0


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature_of(method, path, headers, scope, signed):
    canonical_headers = "".join(
        f"{name}:{' '.join(headers[name].split())}\n" for name in signed.split(";"))
    canonical = "\n".join([method, urllib.parse.quote(path, safe="/-_.~"), "", canonical_headers,
                           signed, headers["x-amz-content-sha256"]])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], "/".join(scope),
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for part in scope:
        key = mac(key, part)
    return mac(key, to_sign).hex()


class handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *unused):
        pass

    def answer(self, status, body=b"", headers=()):
        print(self.command, self.path, status, flush=True)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if "Content-Length" not in dict(headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refusal(self, body):
        """Why the request is not to be trusted; None if it is."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        form = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^,]*), ?SignedHeaders=([^,]*), ?"
                            r"Signature=([0-9a-f]{64})", headers.get("authorization", ""))
        if form is None:
            return "AccessDenied"
        access, *scope = form[1].split("/")
        if access != ACCESS or len(scope) != 4 or scope[2:] != ["s3", "aws4_request"]:
            return "InvalidAccessKeyId"
        wanted = {"host", "x-amz-content-sha256", "x-amz-date"}
        signed = form[2].split(";")
        if not wanted <= set(signed) or any(name not in headers for name in signed):
            return "AccessDenied"
        right = signature_of(self.command, self.path, headers, scope, form[2])
        if not hmac.compare_digest(right, form[3]):
            return "SignatureDoesNotMatch"
        if hashlib.sha256(body).hexdigest() != headers["x-amz-content-sha256"]:
            return "XAmzContentSHA256Mismatch"
        return None

    def serve(self):
        global failures_left
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if failures_left > 0:
            failures_left -= 1
            return self.answer(503, b"<Error><Code>SlowDown</Code></Error>")
        refused = self.refusal(body)
        if refused:
            return self.answer(403, f"<Error><Code>{refused}</Code></Error>".encode())
        path = FOLDER + self.path
        if self.command == "PUT":
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(body)
            with open(path + ".meta", "w", encoding="ascii") as out:
                out.write(self.headers.get("x-amz-meta-sha256", ""))
            return self.answer(200)
        if not os.path.exists(path):
            return self.answer(404)
        with open(path + ".meta", encoding="ascii") as meta:
            return self.answer(200, headers=[("Content-Length", str(os.path.getsize(path))),
                                             ("x-amz-meta-sha256", meta.read())])

    do_PUT = do_HEAD = serve


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(f"listens on 127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
