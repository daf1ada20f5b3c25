"""ClickHouse's own engine (chdb) behind as much of its HTTP interface as the driver needs.

A stand-in for tests on machines without a ClickHouse server: the same SQL, tables and errors, one query at a
time, data in a directory that outlives a kill. Not there: users, sessions, clusters, answers that begin before
the query has ended, the NATS table engine.

Usage: clickhouse_server.py PORT DIRECTORY
"""

import gzip
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb import session

ENGINE = threading.Lock()
# Of the interface itself; every other parameter is a setting of the query.
NOT_SETTINGS = {"query", "database", "query_id", "session_id", "role", "compress", "decompress"}
SETTING_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
ERROR_CODE = re.compile(r"Code: (\d+)\.")
NOT_FOUND = {"60", "81"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if urlsplit(self.path).path == "/ping":
            return self.answer(200, b"Ok.\n")
        self.query()

    def do_POST(self):
        self.query()

    def query(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            body = self.chunks()
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        sql = "\n".join(part for part in (asked.get("query", ""), body.decode()) if part)
        settings = {k: v for k, v in asked.items() if k not in NOT_SETTINGS and SETTING_NAME.match(k)}
        params = {k[6:]: v for k, v in settings.items() if k.startswith("param_")}
        settings = {k: v for k, v in settings.items() if not k.startswith("param_")}
        try:
            self.answer(200, run(sql, settings, params))
        except Exception as error:  # whatever the engine says, the driver is to hear it
            text = str(error)
            code = (ERROR_CODE.search(text) or [None, "1"])[1]
            status = 404 if code in NOT_FOUND else 500
            self.answer(status, text.encode(), {"X-ClickHouse-Exception-Code": code})

    def chunks(self):
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, status, body, headers=None):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def run(sql, settings, params):
    with ENGINE:
        for name, value in settings.items():
            ENGINE_SESSION.query(f"SET {name} = '{escaped(value)}'")
        try:
            return ENGINE_SESSION.query(sql, "TabSeparated", params=params or None).bytes() or b""
        finally:
            for name in settings:
                ENGINE_SESSION.query(f"SET {name} = DEFAULT")


def escaped(value):
    return value.replace("\\", "\\\\").replace("'", "\\'")


if __name__ == "__main__":
    port, directory = int(sys.argv[1]), sys.argv[2]
    ENGINE_SESSION = session.Session(directory)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    print(f"ClickHouse's engine listens on {port}", flush=True)
    server.serve_forever()
