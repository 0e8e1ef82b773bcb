"""A TCP proxy that can be cut and slowed."""
import selectors
import socket
import threading
import time

CHUNK = 65536


class Proxy:
    """Listens on a port of loopback (0: a free one, see port) for another one.

    cut: connections are refused and those that exist are closed without a word; delay: seconds that
    each chunk of bytes is held back, either way.
    """

    def __init__(self, listen, target):
        self.target = target
        self.cut = False
        self.delay = 0.0
        self.pairs = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(('127.0.0.1', listen))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        """Serve each connection in a thread of its own."""
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        """Carry bytes both ways until one side ends or the network is cut."""
        try:
            server = None if self.cut else socket.create_connection(('127.0.0.1', self.target), 5)
        except OSError:
            server = None
        if server is None:
            client.close()
            return
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.pairs.add((client, server))
        try:
            self.carry(client, server)
        except OSError:
            pass                # reset by one side: the other one is closed too
        finally:
            with self.lock:
                self.pairs.discard((client, server))
            client.close()
            server.close()

    def carry(self, client, server):
        """Until the end of one side's bytes."""
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while not self.cut:
                for key, _ in selector.select(1):
                    chunk = key.fileobj.recv(CHUNK)
                    if not chunk:
                        return
                    if self.delay:
                        time.sleep(self.delay)
                    key.data.sendall(chunk)

    def sever(self):
        """Cut the network."""
        self.cut = True
        with self.lock:
            for pair in self.pairs:
                for side in pair:
                    try:
                        side.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass    # it has just ended by itself

    def heal(self):
        """Let everything through again, at once."""
        self.cut = False
        self.delay = 0.0
