#!/usr/bin/python3
"""What does an idle kept-alive connection cost in memory?

Opens the connections (10,000 by default), has each make one request, and compares the memory of
the server's processes with what it was after a warm-up. The kernel's own socket memory is in no
process, so what is counted is what the server keeps. The holder is the process that has the
connections: the edge of Headrace, the worker of the others.
"""

import pathlib
import select
import socket
import struct
import tempfile
import time

from harness import machine, options, processes, report, rounds, servers

REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
APPS = {"wsgi": "raw_wsgi:application", "asgi": "raw_asgi:application"}
# A source address has 28,000 ports by default, and closed connections keep theirs for a minute.
CONNECTIONS_PER_SOURCE = 5000
WARM_UP_CONNECTIONS = 50
SETTLE_SECONDS = 1.0
DESCRIPTORS_SPARE = 500
WANTED_BYTES = 4096
# uWSGI would need 10,000 threads. waitress visits all connections at every event, which takes
# minutes to set up.
PEERS = ["gunicorn", "uvicorn"]
# From linux/in.h: the port is chosen when connecting, and only has to differ for one destination.
IP_BIND_ADDRESS_NO_PORT = 24

HEADS = [
    "server",
    "connections",
    "still open",
    "holder: private B/conn.",
    "holder: proportional B/conn.",
    "all processes: private B/conn.",
    "holder before MiB",
    "holder after MiB",
]


def request_once(client):
    """Sends one request and reads its answer, whose end is where the body's length says."""
    client.sendall(REQUEST)
    received = b""
    while b"\r\n\r\n" not in received:
        received += receive(client)
    head, _, body = received.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    size = int(fields[b"content-length"])
    while len(body) < size:
        body += receive(client)


def receive(client):
    received = client.recv(65536)
    if not received:
        raise ConnectionError("the server closed a connection")
    return received


def open_connections(port, count):
    """count connections, each with one request made."""
    clients = []
    for index in range(count):
        client = socket.socket()
        client.settimeout(10)
        client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        client.bind((f"127.0.0.{2 + index // CONNECTIONS_PER_SOURCE}", 0))
        client.connect(("127.0.0.1", port))
        request_once(client)
        clients.append(client)
    return clients


def close_all(clients):
    """Closes with a reset, so that no socket waits a minute for late segments."""
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


def count_open(clients):
    """Those on which the server has not said anything since: neither bytes nor an end."""
    poller = select.poll()
    for client in clients:
        poller.register(client, select.POLLIN)
    return len(clients) - len(poller.poll(0))


def memory_of_tree(running):
    found = {pid: processes.memory_kib(pid) for pid in running.tree()}
    return {pid: memory for pid, memory in found.items() if memory}


def measure(server, interface, count, folder):
    """The table row of one server, without its name."""
    body_file = pathlib.Path(folder) / "body"
    body_file.write_bytes(b"Hello, world!\n")
    launch = rounds.launch_for(APPS[interface], body_file=body_file)
    with processes.RunningServer(server.command(launch), launch.port) as running:
        running.wait_until_answers()
        close_all(open_connections(launch.port, WARM_UP_CONNECTIONS))
        time.sleep(SETTLE_SECONDS)
        before = memory_of_tree(running)
        clients = open_connections(launch.port, count)
        time.sleep(SETTLE_SECONDS)
        after = memory_of_tree(running)
        holder = max(after, key=processes.open_descriptor_count)
        still_open = count_open(clients)
        request_once(clients[0])
        request_once(clients[-1])
        close_all(clients)

    def growth(pid, kind):
        return (after[pid][kind] - before.get(pid, {kind: 0})[kind]) * 1024 / count

    return [
        count,
        still_open,
        report.count(growth(holder, "private")),
        report.count(growth(holder, "proportional")),
        report.count(sum(growth(pid, "private") for pid in after)),
        f"{before.get(holder, {'resident': 0})['resident'] / 1024:.1f}",
        f"{after[holder]['resident'] / 1024:.1f}",
    ]


def contestants_for(chosen, count, folder):
    found = {}
    for server in chosen:
        interface = "asgi" if server.name == "uvicorn" else "wsgi"
        found[f"{server.name} ({interface})"] = (
            lambda server=server, interface=interface: measure(server, interface, count, folder)
        )
    return found


def main():
    parser = options.parser(__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=10000)
    arguments = options.parse(parser, quick={"connections": 1000})
    peers = [server for server in servers.PEERS if server.name in PEERS]
    chosen = options.chosen_servers(arguments, [*peers, servers.FLOOR])
    limit = processes.raise_descriptor_limit(arguments.connections * 2 + DESCRIPTORS_SPARE)
    count = min(arguments.connections, limit - DESCRIPTORS_SPARE)
    with tempfile.TemporaryDirectory() as folder:
        contestants = contestants_for(chosen, count, folder)
        found = rounds.measure_rounds(contestants, 1, "idle", lambda row: f"{row[2]} B each")
    table = report.table(HEADS, [[name, *row] for name, (row,) in found.items()])
    wanted = f"wanted: the holder of headrace grows by <= {WANTED_BYTES} B a connection"
    print(f"\n{table}\n\n{wanted}\n")
    if arguments.save:
        run = f"Run: `{options.command_line(__file__)}`"
        settings = (
            f"Settings: 1 worker, descriptor limit {limit}, "
            f"keep-alive of the peers {servers.KEEP_ALIVE_SECONDS} s"
        )
        facts = report.bullets([*machine.facts(chosen), settings, run, wanted])
        report.save_section("Idle connections", f"{facts}\n\n{table}")


if __name__ == "__main__":
    main()
