"""What is lost when the recorder is killed, and how much room a program takes."""

from __future__ import annotations

import itertools
import os
import signal
import struct
import subprocess
import time
from pathlib import Path
from typing import Callable, Sequence

import harness
import trackers
from bench import MB, OFFICIAL, WORKLOAD, Bench
from figures import Figure, Goal
from harness import Failed, Sample


def kill(bench: Bench) -> list[Figure]:
    """A row each 10 ms; after some 2 s the recorder gets SIGKILL."""
    candidates = {
        "socket": lambda turn: killed(bench, bench.wrap(bench.python("paced", "socket", stamps(bench))), wrapper, turn),
        "json": lambda turn: killed(bench, bench.wrap(bench.python("paced", "json", stamps(bench))), wrapper, turn),
    }
    if bench.official:
        command = [str(bench.official), WORKLOAD, "paced", "official", str(stamps(bench))]
        candidates["official"] = lambda turn: killed(bench, command, core, turn)
    # The moments differ: what is lost depends on them.
    turns = {name: itertools.count() for name in candidates}
    taken = bench.turns.take(
        {name: lambda name=name: candidates[name](next(turns[name])) for name in candidates},
        bench.rounds(9),
        warm_up=False,
    )
    found = []
    for row, name, what in (("kill", "socket", "socket"), ("killb", "json", "printed JSON lines")):
        for part, unit, text in (("ms", "ms", "age of the oldest row that is lost"), ("rows", "rows", "rows lost")):
            theirs = bench.pick(taken.get("official", []), part)
            goals = [Goal(50, "ms")] if part == "ms" else []
            text = f"SIGKILL, a row each 10 ms, {what}: worst {text}" if part == "ms" else f"… {text}"
            found.append(
                Figure(
                    row if part == "ms" else f"{row}+", text, unit, bench.pick(taken[name], part),
                    "official, its median" if theirs else "", theirs, goals, worst=True,
                )
            )
    return found


def stamps(bench: Bench) -> Path:
    return bench.work / "stamps"


def killed(bench: Bench, command: Sequence[str], victim: Callable[[int], int], turn: int) -> Sample:
    """Kills what records, and compares what is in the log with what the script had handed over."""
    path = stamps(bench)
    path.unlink(missing_ok=True)
    cpu, start = harness.children_cpu(), time.perf_counter()
    process = subprocess.Popen(
        command, env=bench.offline, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not (path.exists() and path.stat().st_size):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed("the script did not log")
            time.sleep(0.01)
        time.sleep(2 + turn % 10 * 0.173)
        pid = victim(process.pid)
        moment = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        # What the script does then is another matter.
        if pid != process.pid:
            process.kill()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        harness.adopted(60)
    content = path.read_bytes()
    returned = [stamp for (stamp,) in struct.iter_unpack("d", content[: len(content) // 8 * 8]) if stamp <= moment]
    log = bench.read_log()
    bench.forget()
    lost = max(0, len(returned) - log.rows)
    age = (moment - returned[log.rows]) * 1e3 if lost else 0.0
    sample = Sample(time.perf_counter() - start, harness.children_cpu() - cpu, 0, 0, 0)
    sample.figures = {"rows": lost, "ms": age}
    return sample


def wrapper(pid: int) -> int:
    """Of wandb-rs: what was started."""
    return pid


def core(pid: int) -> int:
    """Of the official client: its service."""
    for process in harness.below(pid):
        if Path(f"/proc/{process}/comm").read_text().strip() == "wandb-core":
            return process
    raise Failed("there is no wandb-core")


def size(bench: Bench) -> list[Figure]:
    """What is on the disk after the installation."""
    ours = [Path(bench.binary).stat().st_size / MB]
    goals = ([Goal(15, "MB")], [Goal(20, "MB")])
    if not bench.official:
        return [Figure("size", "installed: the program", "MB", ours, excellent=goals[0], acceptable=goals[1])]
    found = [
        Figure(
            "size", f"installed: the program, beside the package of {OFFICIAL.replace('==', ' ')} alone", "MB", ours,
            "official", [tree(packages(bench.official) / "wandb")], *goals,
        ),
        Figure("size+", "… and all it needs, without Python", "MB", ours, "official", [installed(bench.official)]),
    ]
    for tracker in trackers.ALL:
        if python := trackers.python(tracker.requirement):
            found.append(Figure("size+", "… beside another tracker and all it needs", "MB", ours, tracker.name, [installed(python)]))
    return found


def packages(python: Path) -> Path:
    (place,) = python.parent.parent.glob("lib/python*/site-packages")
    return place


#: What a new environment has before anything is installed.
FIRST = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence.pth")


def installed(python: Path) -> float:
    """MB of an environment, without what it had before."""
    first = lambda name: name in FIRST or (name.startswith(("pip-", "setuptools-")) and name.endswith(".dist-info"))
    return sum(tree(entry) for entry in packages(python).iterdir() if not first(entry.name))


def tree(path: Path) -> float:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if file.is_file()) / MB
