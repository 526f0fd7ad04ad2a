"""Files over loopback, as a release has them: whatever folders an address names in front of a file."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path


class served:
    """Gives the port."""

    def __init__(self, folder: Path) -> None:
        handler = functools.partial(Quiet, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> int:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_port

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        return str(Path(self.directory, Path(path).name))

    def log_message(self, *_: object) -> None:
        pass
