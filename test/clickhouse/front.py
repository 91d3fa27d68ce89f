"""ClickHouse's HTTP interface, as far as the tests use it, in front of chdb: ClickHouse's engine as a library.

A query comes in the parameter `query` or as the body; with both, the body is the data of an INSERT. Prints its URL.
"""
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb import session

SESSION = session.Session()
# One session is one thread's.
LOCK = threading.Lock()
# Parameters that are no settings, and settings of the server around the engine.
NOT_SETTINGS = {"query", "query_id", "database", "user", "password", "session_id", "role"}
SERVER_ONLY = {"async_insert", "wait_for_async_insert", "insert_deduplication_token"}


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, b"Ok.\n")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) if "Content-Length" in self.headers else self.chunks()
        parameters = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        query = parameters.get("query")
        sql = body.decode() if query is None else query + "\n" + body.decode()
        form = "JSONEachRow"
        found = re.search(r"\bFORMAT\s+(\w+)\s*$", sql)
        if query is None and found:
            form, sql = found[1], sql[: found.start()]
        settings = {n: v for n, v in parameters.items() if n not in NOT_SETTINGS | SERVER_ONLY}
        try:
            with LOCK:
                for name, value in settings.items():
                    SESSION.query(f"SET {name} = '{value}'")
                result = SESSION.query(sql, form).bytes()
            self.answer(200, result)
        except Exception as error:  # noqa: BLE001: the engine's errors have no class of their own
            text = str(error)
            code = re.search(r"Code: (\d+)", text)
            self.answer(400, text.encode(), code[1] if code else "1002")

    def chunks(self):
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self, status, body, code=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    print(f"http://127.0.0.1:{server.server_port} {SESSION.query('SELECT version()', 'TSV').bytes().decode().strip()}", flush=True)
    # Ends with the program that started it.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
