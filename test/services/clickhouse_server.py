"""ClickHouse's own engine (chdb) behind as much of its HTTP interface as the driver needs.

A stand-in for tests on machines without a ClickHouse server: the same SQL, tables and errors, one query at a
time, data in a directory that outlives a kill. Databases, settings, parameters, bodies of any format and gzip
are there; not there: users, sessions, clusters, the NATS table engine. What a query gives is whole before its
first byte is sent, so that a reader that pauses holds up nobody.

Usage: clickhouse_server.py PORT DIRECTORY [PASSWORD]
"""

import base64
import gzip
import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb import session

ENGINE = threading.Lock()
# Of the interface itself; every other parameter is a setting of the query.
NOT_SETTINGS = {
    "query", "database", "query_id", "session_id", "role", "compress", "decompress", "default_format",
    "enable_http_compression", "wait_end_of_query", "cancel_http_readonly_queries_on_client_close", "readonly",
}
SETTING_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
ERROR = re.compile(r"Code: (\d+)\. DB::Exception: .*", re.DOTALL)
STATUS = {60: 404, 81: 404, 62: 400, 516: 403}
REFUSED = "Code: 516. DB::Exception: default: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)"
FORMAT = re.compile(r"\sFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
INSERT = re.compile(r"\s*INSERT\s", re.IGNORECASE)
READ = re.compile(r"\s*(SELECT|WITH|SHOW|DESCRIBE|EXISTS)\s", re.IGNORECASE)
READONLY = "Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)"
# Formats whose chunks put together are the whole.
STREAMED = {"JSONEachRow", "JSONCompactEachRow", "RowBinary"}
MEMORY_BYTES = 1 << 24
PIECE_BYTES = 1 << 16


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: otherwise each answer waits for the client's delayed acknowledgement.
    wbufsize = PIECE_BYTES
    disable_nagle_algorithm = True

    def do_GET(self):
        if urlsplit(self.path).path == "/ping":
            return self.answer(200, b"Ok.\n")
        self.query()

    def do_POST(self):
        self.query()

    def query(self):
        body = self.body()
        if not self.is_allowed():
            return self.fail(REFUSED)
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        kind = self.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            asked.update(parts(body, kind))
            body = b""
        sql = asked.pop("query", "")
        if not sql:
            sql, body = body.decode(), b""
        with tempfile.SpooledTemporaryFile(MEMORY_BYTES) as sink:
            try:
                run(sql, body, asked, sink)
            except Exception as error:  # whatever the engine says, the driver is to hear it
                return self.fail(str(error))
            sink.seek(0)
            zips = "gzip" in self.headers.get("accept-encoding", "")
            self.send(sink, zips and asked.get("enable_http_compression") == "1")

    def is_allowed(self):
        kind, _, given = self.headers.get("authorization", "").partition(" ")
        password = base64.b64decode(given).decode().partition(":")[2] if kind == "Basic" else ""
        return password == PASSWORD

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            body = self.chunks()
        else:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
        return gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body

    def chunks(self):
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def send(self, sink, zips):
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        if zips:
            self.send_header("content-encoding", "gzip")
        self.end_headers()
        chunked = Chunks(self.wfile)
        writer = gzip.GzipFile(fileobj=chunked, mode="wb") if zips else chunked
        while piece := sink.read(PIECE_BYTES):
            writer.write(piece)
        if zips:
            writer.close()
        self.wfile.write(b"0\r\n\r\n")

    def fail(self, text):
        found = ERROR.search(text)
        code = int(found[1]) if found else 1
        headers = {"X-ClickHouse-Exception-Code": str(code)}
        self.answer(STATUS.get(code, 500), (found[0] if found else text).encode(), headers)

    def answer(self, status, body, headers=None):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Chunks:
    """A file whose writes are chunks of HTTP."""

    def __init__(self, file):
        self.file = file

    def write(self, data):
        if data:
            self.file.write(b"%x\r\n%s\r\n" % (len(data), data))
        return len(data)

    def flush(self):
        self.file.flush()


def parts(body, kind):
    boundary = kind.partition("boundary=")[2].strip('"').encode()
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        yield re.search(rb'name="([^"]*)"', head)[1].decode(), value[:-2].decode()


def run(sql, body, asked, sink):
    params = {k[6:]: v for k, v in asked.items() if k.startswith("param_")}
    settings = {
        k: v
        for k, v in asked.items()
        if k not in NOT_SETTINGS and not k.startswith("param_") and SETTING_NAME.match(k)
    }
    reads = asked.get("readonly", "0") != "0"
    if reads and not READ.match(sql):
        raise ValueError(READONLY)
    with ENGINE:
        ENGINE_SESSION.query(f"USE {name_of(asked.get('database', 'default'))}")
        done = []
        try:
            for name, value in settings.items():
                ENGINE_SESSION.query(f"SET {name} = '{escaped(value)}'")
                done.append(name)
            execute(sql, body, params, asked.get("default_format", "TabSeparated"), sink, reads)
        finally:
            for name in done:
                ENGINE_SESSION.query(f"SET {name} = DEFAULT")


def execute(sql, body, params, default_format, sink, reads):
    found = FORMAT.search(sql)
    form = found[1] if found else default_format
    bare = sql[: found.start()] if found else sql
    if reads:
        # Of the statement, because a SET of the session could not be taken back.
        bare += " SETTINGS readonly=2"
    if found and INSERT.match(sql):
        with ENGINE_SESSION._conn.send_insert(bare, form) as insertion:
            for start in range(0, len(body), PIECE_BYTES):
                insertion.append(body[start : start + PIECE_BYTES])
            insertion.finish()
    elif found and form in STREAMED:
        for chunk in ENGINE_SESSION.send_query(bare, form, params=params or None):
            sink.write(chunk.bytes())
    else:
        sql = "\n".join(part for part in (bare, body.decode()) if part)
        sink.write(ENGINE_SESSION.query(sql, form, params=params or None).bytes() or b"")


def name_of(database):
    return "`" + database.replace("\\", "\\\\").replace("`", "\\`") + "`"


def escaped(value):
    return value.replace("\\", "\\\\").replace("'", "\\'")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away is none."""


if __name__ == "__main__":
    port, directory = int(sys.argv[1]), sys.argv[2]
    PASSWORD = sys.argv[3] if len(sys.argv) > 3 else ""
    ENGINE_SESSION = session.Session(directory)
    server = Server(("127.0.0.1", port), Handler)
    print(f"ClickHouse's engine listens on {port}", flush=True)
    server.serve_forever()
