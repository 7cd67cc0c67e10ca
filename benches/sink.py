"""A W&B server that takes everything and keeps only counts, for measuring clients.

    benches/sink.py [--latency SECONDS]

Prints its port. `GET /counts` gives what came since the last time: rows, bytes, requests, runs that ended.
"""

from __future__ import annotations

import argparse
import json
import socket
import threading
import time


class Counts:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> dict:
        taken = dict(getattr(self, "values", {}))
        self.values = {"rows": 0, "bytes": 0, "requests": 0, "ended": 0, "files": 0}
        return taken

    def add(self, **more: int) -> None:
        with self.lock:
            for name, count in more.items():
                self.values[name] += count


COUNTS = Counts()
ARGS = argparse.Namespace(latency=0.0)


def graphql(body: bytes, port: int) -> bytes:
    request = json.loads(body)
    query, variables = request["query"], request.get("variables") or {}
    variables = {**variables, **(variables.get("input") or {})}
    if "upsertBucket" in query:
        run, project = variables["name"], variables.get("project") or "uncategorized"
        bucket = {
            "id": "UnVu", "name": run, "displayName": variables.get("displayName") or run, "config": "{}",
            "description": None, "sweepName": None, "historyLineCount": 0,
            "project": {"id": "p", "name": project, "entity": {"id": "e", "name": variables.get("entity") or "bench"}},
        }
        data = {"upsertBucket": {"bucket": bucket, "inserted": True}}
    elif "createRunFiles" in query:
        urls = [
            {"name": name, "uploadUrl": f"http://127.0.0.1:{port}/put/{variables['run']}/{name}"}
            for name in variables["files"]
        ]
        data = {"createRunFiles": {"runID": "UnVu", "uploadHeaders": [], "files": urls}}
    elif "serverInfo" in query:
        data = {"serverInfo": {"features": [{"name": "STRUCTURED_CONSOLE_LOGS", "isEnabled": True}]}}
    elif "viewer" in query:
        data = {"viewer": {"id": "v", "entity": "bench", "username": "bench", "email": "", "flags": "{}",
                           "teams": {"edges": []}}}
    else:
        return json.dumps({"errors": [{"message": "unsupported"}]}).encode()
    return json.dumps({"data": data}).encode()


def serve(connection: socket.socket, port: int) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    held = bytearray()
    buffer = bytearray(1 << 20)
    view = memoryview(buffer)
    while True:
        while (end := held.find(b"\r\n\r\n")) < 0:
            if not (count := connection.recv_into(view)):
                return
            held += view[:count]
        head = bytes(held[:end]).decode("latin-1")
        del held[: end + 4]
        lines = head.split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        body = bytearray(held[:length])
        del held[:length]
        while len(body) < length:
            if not (count := connection.recv_into(view[: min(length - len(body), len(view))])):
                return
            body += view[:count]
        answer = b"{}"
        if path == "/counts":
            answer = json.dumps(COUNTS.reset()).encode()
        else:
            COUNTS.add(requests=1, bytes=length)
            if ARGS.latency:
                time.sleep(ARGS.latency)
            if path == "/graphql":
                answer = graphql(bytes(body), port)
            elif path.endswith("/file_stream"):
                # Each row has one step, and no other line has.
                history = body.find(b"wandb-history.jsonl")
                if history >= 0:
                    stop = body.find(b"]}", history)
                    COUNTS.add(rows=body.count(b'\\"_step\\":', history, stop if stop > 0 else length))
                COUNTS.add(ended=int(b'"complete":true' in body[-200:]))
            elif method == "PUT":
                COUNTS.add(files=1)
                answer = b""
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer
        )


def start(latency: float = 0.0) -> int:
    """Begins to serve on a port of its own, which is given; an answer takes `latency` seconds."""
    ARGS.latency = latency
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    port = listener.getsockname()[1]

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=quietly, args=(connection, port), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0)
    print(start(parser.parse_args().latency), flush=True)
    threading.Event().wait()


def quietly(connection: socket.socket, port: int) -> None:
    try:
        serve(connection, port)
    except OSError:
        pass


if __name__ == "__main__":
    main()
