"""A server that does nothing but write prebuilt frames to every socket: what the generator is measured against.

`python -m bench.generator.ceiling PORT N BATCH`: waits for N sockets; each line that comes on any of them is answered with one write to all,
so that the same closed loop drives it as the contestants.
"""

from __future__ import annotations

import select
import socket
import struct
import sys

from .sockets import body


def main(port: int, n: int, batch: int) -> None:
    server = socket.create_server(("127.0.0.1", port), backlog=2048)
    clients = [server.accept()[0] for _ in range(n)]
    one = b'{"message":"' + body(0).encode() + b'"}'
    text = one if batch == 1 else b"[" + b",".join([one] * batch) + b"]"
    made = (struct.pack("!BBH", 0x81, 126, len(text)) if len(text) < 65536 else struct.pack("!BBQ", 0x81, 127, len(text))) + text
    poll = select.epoll()
    for client in clients:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(client.fileno(), select.EPOLLIN)
    by_fd = {c.fileno(): c for c in clients}
    sends = [c.send for c in clients]
    single = struct.pack("!BBH", 0x81, 126, len(one)) + one
    owed = 0
    while True:
        ready = poll.poll(0.05 if owed else -1)
        if not ready:  # less than a batch is left
            for send in sends:
                send(single * owed)
            owed = 0
        for fd, _ in ready:
            data = by_fd[fd].recv(65536)
            if not data:
                return
            owed += data.count(b"\n")
        while owed >= batch:
            owed -= batch
            for send in sends:
                send(made)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
