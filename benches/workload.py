"""The programs whose output and rows the benchmarks record; `benches/run` starts them.

    workload.py flood STYLE LINES WIDTH [each]    LINES lines of WIDTH bytes, in 64 KiB writes or one write each
    workload.py progress UPDATES WIDTH            one line, rewritten UPDATES times with a carriage return
    workload.py prints COUNT RESULT               what `print` costs
    workload.py socket ROWS RESULT                rows of 20 scalars over the run's socket, as fast as they are taken
    workload.py calls ROWS RESULT [PAUSE]         the same, row by row from Python, with a pause between two
    workload.py json ROWS RESULT                  rows of 20 scalars printed as JSON lines
    workload.py official ROWS RESULT [PAUSE]      the same through the official client
    workload.py sdk ROWS WIDTH RESULT             rows of WIDTH scalars through the official client
    workload.py paced KIND RESULT                 rows by `socket`, `json` or `official`, one each 10 ms, until it breaks
    workload.py official-start                    the official client, started and ended
    workload.py official-prints COUNT RESULT      what `print` costs with the official client

RESULT is a file that gets the figures as a JSON object; from `paced` the monotonic time at which each call has returned, as
doubles, each at once.
"""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Callable, Sequence

WRITE = 64 * 1024
SCALARS = 20
#: Seconds between two rows that are paced.
PERIOD = 0.01
#: Distinct rows; they are repeated.
ROWS = 1000


def write_all(data: bytes | memoryview) -> None:
    """Writes to stdout without a buffer; a terminal may take less than it is given."""
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def line(style: str, number: int, width: int) -> bytes:
    """A line of `width` bytes with its newline."""
    head = {
        "text": f"line {number:07d} of some text ",
        "log": f"2025-01-31 12:00:00,123 INFO worker {number:07d} has read its part of the data ",
        "metrics": f"step={number} loss={1 / (number + 1):.6f} acc={number % 97 / 97:.4f} ",
    }[style]
    return (head.ljust(width - 2, "x")[: width - 2] + ".\n").encode()


def flood(style: str, lines: str, width: str, *each: str) -> None:
    """Prints as fast as it is taken."""
    count, size = int(lines), int(width)
    if each:
        texts = [line(style, number, size) for number in range(1000)]
        for number in range(count):
            write_all(texts[number % 1000])
        return
    per_round = min(count, 5 * WRITE // size)
    block = memoryview(b"".join(line(style, number, size) for number in range(per_round)) * 2)
    # Writes need not end where lines end, as those of a buffered program.
    at, left, round_trip = 0, count * size, per_round * size
    while left:
        n = min(WRITE, left)
        write_all(block[at : at + n])
        at, left = (at + n) % round_trip, left - n


def progress(updates: str, width: str) -> None:
    """A progress bar."""
    count, size = int(updates), int(width)
    for number in range(count):
        share = number * 100 // count
        text = f"\r{share:3d}%|{'#' * (share // 5):20}| {number}/{count} "
        write_all(text.ljust(size, ".").encode())
    write_all(b"\n")


def rows(width: int = SCALARS) -> list[dict[str, float]]:
    """Rows of scalars with about 17 digits each."""
    numbers = random.Random(0)
    # One that output is searched for; the others as long as in the figures that are stored.
    names = ["loss", *(f"m{number:04d}" for number in range(1, width))]
    return [{name: numbers.random() for name in names} for _ in range(ROWS)]


def save(result: str, figures: dict[str, object]) -> None:
    Path(result).write_text(json.dumps(figures))


def costs(function: Callable[[int], object], count: int, pause: float = 0.0) -> dict[str, object]:
    """Calls a function `count` times; the middle and the tail of what a call takes, in microseconds."""
    spent = []
    start = time.perf_counter()
    for number in range(count):
        before = time.perf_counter_ns()
        function(number)
        spent.append(time.perf_counter_ns() - before)
        if pause:
            time.sleep(pause)
    seconds = time.perf_counter() - start
    spent.sort()
    part = lambda share: spent[int(share * (count - 1))] / 1000
    return {"p50": part(0.5), "p99": part(0.99), "p999": part(0.999), "max": spent[-1] / 1000, "seconds": seconds}


def prints(count: str, result: str) -> None:
    """`print` of lines of 25 bytes, each passed on at once."""
    texts = [line("text", number, 25).decode()[:-1] for number in range(1000)]
    save(result, costs(lambda number: print(texts[number % 1000], flush=True), int(count)))


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and all its threads, also ended ones: its own CPU-time clock (see
    clock_getcpuclockid(3)), which is exact where `/proc/PID/stat` counts hundredths of a second."""
    return time.clock_gettime((~pid << 3) | 2)


class Client:
    """A connection to the run's socket."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.environ["WANDB_RS_SOCKET"])

    def send(self, data: bytes | memoryview) -> None:
        self.socket.sendall(data)

    def flush(self) -> None:
        """Waits until everything before is recorded."""
        self.send(b'{"flush": true}\n')
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.socket.recv(4096) or sys.exit("the socket was closed")
        if json.loads(answer) != {"ok": True}:
            sys.exit(f"unexpected answer: {answer!r}")


def through_socket(count: str, result: str) -> None:
    """Text that is ready to be sent: what a fast client can do."""
    block = memoryview(b"".join(json.dumps({"log": row}).encode() + b"\n" for row in rows()))
    client, wrapper = Client(), os.getppid()
    client.flush()
    cpu, start = cpu_of(wrapper), time.perf_counter()
    for _ in range(int(count) // ROWS):
        for at in range(0, len(block), WRITE):
            client.send(block[at : at + WRITE])
    client.flush()
    seconds, cpu = time.perf_counter() - start, cpu_of(wrapper) - cpu
    save(result, {"seconds": seconds, "cpu": cpu, "bytes_per_row": len(block) / ROWS})


def calls(count: str, result: str, pause: str = "0") -> None:
    """One `json.dumps` and one `send` a row."""
    ready, client = rows(), Client()
    log = lambda number: client.send(json.dumps({"log": ready[number % ROWS]}).encode() + b"\n")
    figures = costs(log, int(count), float(pause))
    client.flush()
    text = costs(lambda number: json.dumps({"log": ready[number % ROWS]}).encode() + b"\n", int(count) // 4)
    save(result, figures | {"dumps": text["p50"]})


def printed(count: str, result: str) -> None:
    """One JSON line a row on stdout."""
    ready = rows()
    # With a step, so that all of them count as metrics and not only those with a known name.
    log = lambda number: print(json.dumps({"step": number, **ready[number % ROWS]}), flush=True)
    save(result, costs(log, int(count)))


def official(count: str, result: str, pause: str = "0") -> None:
    import wandb

    ready = rows()
    run = wandb.init()
    figures = costs(lambda number: run.log(ready[number % ROWS]), int(count), float(pause))
    run.finish()
    save(result, figures)


def sdk(count: str, width: str, result: str) -> None:
    import wandb

    ready = rows(int(width))
    run = wandb.init()
    figures = costs(lambda number: run.log(ready[number % ROWS]), int(count))
    run.finish()
    save(result, figures)


def paced(kind: str, result: str) -> None:
    """What a crash meets: rows come slowly, and it is known which of them the script has handed over."""
    ready = rows()
    log: Callable[[int], object]
    if kind == "socket":
        client = Client()
        log = lambda number: client.send(json.dumps({"log": ready[number % ROWS]}).encode() + b"\n")
    elif kind == "json":
        log = lambda number: print(json.dumps({"step": number, **ready[number % ROWS]}), flush=True)
    else:
        import wandb

        run = wandb.init()
        log = lambda number: run.log(ready[number % ROWS])
    stamps = os.open(result, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    start = time.monotonic()
    # Ends by itself, should nobody break it.
    for number in range(1000):
        time.sleep(max(0.0, start + number * PERIOD - time.monotonic()))
        log(number)
        os.write(stamps, struct.pack("d", time.monotonic()))


def official_start() -> None:
    import wandb

    wandb.init().finish()


def official_prints(count: str, result: str) -> None:
    import wandb

    run = wandb.init()
    prints(count, result)
    run.finish()


WORKLOADS: dict[str, Callable[..., None]] = {
    "flood": flood,
    "progress": progress,
    "prints": prints,
    "socket": through_socket,
    "calls": calls,
    "json": printed,
    "official": official,
    "sdk": sdk,
    "paced": paced,
    "official-start": official_start,
    "official-prints": official_prints,
}


def main(arguments: Sequence[str]) -> None:
    WORKLOADS[arguments[0]](*arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
