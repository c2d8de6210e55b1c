"""What a browser's story has done to the world around it: it asks by HTTP, by name."""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextlib.contextmanager
def deeds(known: Mapping[str, Callable[[], object]]) -> Iterator[str]:
    """Serve deeds on an address of this machine, which is yielded.

    `POST /NAME` does it and answers once it is done: 200 with what it returned, or 500 with the
    traceback.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = 200
            try:
                said = str(known[self.path.strip("/")]())
            except Exception:
                # The story fails by it, and shows why.
                status, said = 500, traceback.format_exc()
            body = said.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
