"""A line between a client and a server that a test may cut and mend."""

import socket
import threading
from contextlib import suppress


class Line:
    """Listens on `port` and passes on to the server's; while it is cut, every connection ends at once."""

    def __init__(self, server: int) -> None:
        self.server = ("127.0.0.1", server)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.is_cut = threading.Event()
        self.words = b""
        self.pulses = 0  # that the server has sent this way
        self.open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self.is_cut.set()
        for end in list(self.open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut_before(self, words: bytes) -> None:
        """Cut it once the server says these words; they don't arrive."""
        self.words = words

    def mend(self) -> None:
        self.words = b""
        self.is_cut.clear()

    def close(self) -> None:
        self.cut()
        self.listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self.listener.accept()
                if self.is_cut.is_set():
                    near.close()
                    continue
                far = socket.create_connection(self.server)
                self.open |= {near, far}
                for way in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=way, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.words and source.getpeername() == self.server and self.words in data:
                    self.cut()
                if self.is_cut.is_set():
                    break
                target.sendall(data)
                self.pulses += data.count(b'"type":"pulse"')
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
