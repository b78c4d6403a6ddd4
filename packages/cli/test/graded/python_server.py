"""An endpoint in Python with an idempotency layer of its own: python_server.py PORT DATABASE

POST /charges and /refunds are guarded. GET /count says how often they ran. X-Delay and X-Answer say what they do.
Only the standard library is used.
"""

import hashlib
import json
import re
import sqlite3
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BOOT = str(uuid.uuid4())
LOCK = threading.Lock()
STRING = re.compile(r'^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$')
BARE = re.compile(r"^[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]+$")

database = sqlite3.connect(sys.argv[2], check_same_thread=False, isolation_level=None)
database.executescript(
    """
    CREATE TABLE IF NOT EXISTS records (
        id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, worker TEXT NOT NULL, status INTEGER, type TEXT, body BLOB);
    CREATE TABLE IF NOT EXISTS executions (id INTEGER PRIMARY KEY);
    """
)


class RepeatedName(Exception):
    pass


def sorted_members(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        raise RepeatedName
    return dict(sorted(pairs))


def canonical(body):
    """JSON without the order of its members, with its numbers as they were written; other bodies as they are."""
    number = "number {}".format
    try:
        value = json.loads(body, object_pairs_hook=sorted_members, parse_int=number, parse_float=number)
        return json.dumps(value).encode()
    except (ValueError, RepeatedName):
        return body


def key_in(lines):
    """The key in the header's lines; None if it is not valid."""
    if len(lines) != 1:
        return None
    value = lines[0].strip()
    quoted = STRING.match(value)
    key = re.sub(r"\\(.)", r"\1", quoted.group(1)) if quoted else value if BARE.match(value) else ""
    return key if key.strip() and len(key) <= 255 else None


def digest(*parts):
    return hashlib.sha256(json.dumps([part.hex() for part in parts]).encode()).hexdigest()


def operation(headers):
    """Runs, and returns a status, a type and a body."""
    with LOCK:
        execution = database.execute("INSERT INTO executions DEFAULT VALUES").lastrowid
    time.sleep(int(headers.get("X-Delay", "0")) / 1000)
    answer = headers.get("X-Answer")
    if answer == "declined":
        return 402, "text/plain", b"declined"
    if answer == "broken":
        return 500, "text/plain", b"broken"
    if answer == "binary":
        return 200, "application/octet-stream", bytes(range(256))
    return 201, "application/json", json.dumps({"id": execution}).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        with LOCK:
            (count,) = database.execute("SELECT count(*) FROM executions").fetchone()
        self.answer(200, "application/json", str(count).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if "Authorization" not in self.headers:
            return self.answer(401, "text/plain", b"who is it?")
        lines = self.headers.get_all("Idempotency-Key")
        if lines is None:
            return self.answer(*operation(self.headers))
        key = key_in(lines)
        if key is None:
            return self.refuse(400, "key-invalid")
        path, _, query = self.path.partition("?")
        record = digest(self.headers["Authorization"].encode(), path.encode(), key.encode())
        self.once(record, digest(query.encode(), canonical(body)))

    def once(self, record, fingerprint):
        with LOCK:
            database.execute(
                "INSERT OR IGNORE INTO records (id, fingerprint, worker) VALUES (?, ?, ?)",
                (record, fingerprint, claim := f"{BOOT} {uuid.uuid4()}"),
            )
            row = database.execute(
                "SELECT fingerprint, worker, status, type, body FROM records WHERE id = ?", (record,)
            ).fetchone()
        stored, worker, status, content_type, body = row
        if stored != fingerprint:
            self.refuse(422, "key-reused")
        elif worker == claim:
            answer = operation(self.headers)
            with LOCK:
                database.execute("UPDATE records SET status = ?, type = ?, body = ? WHERE id = ?", (*answer, record))
            self.answer(*answer)
        elif status is not None:
            self.answer(status, content_type, body, ("Idempotent-Replayed", "true"), ("Cache-Control", "no-store"))
        elif worker.startswith(BOOT):
            self.refuse(409, "in-progress", ("Retry-After", "1"))
        else:
            self.refuse(409, "outcome-unknown")

    def refuse(self, status, code, *headers):
        problem = {"type": f"https://errors.example/{code}", "title": code, "status": status}
        body = json.dumps(problem).encode()
        self.answer(status, "application/problem+json", body, ("Cache-Control", "no-store"), *headers)

    def answer(self, status, content_type, body, *headers):
        self.send_response(status)
        for name, value in (("Content-Type", content_type), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except BrokenPipeError:
            pass  # The client has left; its retry gets the stored answer.


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
