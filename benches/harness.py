"""Starts programs and measures them: time, CPU of everything below them, memory; and reads what was recorded.

The process that imports this becomes a child subreaper, so that nothing a program starts escapes the account.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import fcntl
import os
import pty
import resource
import signal
import statistics
import struct
import tempfile
import termios
import threading
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Orphans below us come to us, so that their CPU time can be collected."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


@dataclass
class Sample:
    """One measurement."""

    #: Seconds until the last program of the pipeline has ended.
    wall: float
    #: CPU seconds of all programs and everything below them.
    cpu: float
    #: CPU seconds of the last program alone: its threads, not its children.
    own_cpu: float
    #: Peak resident bytes of the last program alone, if asked for.
    peak: int
    #: Bytes that came out of the terminal, if there was one.
    seen: int
    #: Peak of the resident bytes of the last program and all below it, together, if asked for.
    together: int = 0
    #: What the workload found, or what was found in the recording.
    figures: dict[str, float] = field(default_factory=dict)


class Failed(Exception):
    """A program did not end as it should: its figures mean nothing."""


def cpu_clock(pid: int) -> float:
    """CPU seconds of a process with all its threads; also of one that has ended and was not collected."""
    return time.clock_gettime((~pid << 3) | 2)


def children_cpu() -> float:
    """CPU seconds of all children that have ended, and of those they have waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(
    *commands: Sequence[str],
    env: Mapping[str, str],
    terminal: bool = False,
    memory: bool = False,
    together: bool = False,
    timeout: float = 180,
    during: Callable[[int], None] | None = None,
) -> Sample:
    """Runs a pipeline with its output to `/dev/null`, or one program on a terminal whose output is thrown away.

    The last program is the one of interest. `during` is called with its process id while it runs.
    """
    drain = Drain() if terminal else None
    said = tempfile.TemporaryFile()
    pids: list[int] = []
    source = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    start = time.perf_counter()
    for position, command in enumerate(commands):
        last = position == len(commands) - 1
        following, sink = (-1, -1) if last else os.pipe2(os.O_CLOEXEC)
        if drain:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, drain.name, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ]
        else:
            actions = [(os.POSIX_SPAWN_DUP2, source, 0)]
            if last:
                actions.append((os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0))
            else:
                actions.append((os.POSIX_SPAWN_DUP2, sink, 1))
            actions.append((os.POSIX_SPAWN_DUP2, said.fileno(), 2))
        # A session of its own: what it opens first becomes its controlling terminal.
        pids.append(os.posix_spawn(command[0], command, env, file_actions=actions, setsid=True))
        os.close(source)
        if not last:
            os.close(sink)
        source = following
    if drain:
        drain.begin()
    watch = Peak(pids[-1]) if memory else None
    family = Family(pids[-1]) if together else None
    timer = threading.Timer(timeout, lambda: [os.killpg(pid, signal.SIGKILL) for pid in pids])
    timer.start()
    if during:
        during(pids[-1])
    cpu = own_cpu = 0.0
    for pid in pids:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    wall = time.perf_counter() - start
    timer.cancel()
    own_cpu = cpu_clock(pids[-1])
    peak = watch.end() if watch else 0
    all_together = family.end() if family else 0
    failed = []
    for pid, command in zip(pids, commands):
        _, status, usage = os.wait4(pid, 0)
        cpu += usage.ru_utime + usage.ru_stime
        if status:
            failed.append(f"{Path(command[0]).name} ended with {os.waitstatus_to_exitcode(status)}")
    cpu += adopted(timeout)
    seen = drain.end() if drain else 0
    with said:
        said.seek(0)
        failed += [line.decode(errors="replace") for line in said.read().splitlines()[-1:] if failed]
    if failed:
        raise Failed("; ".join(failed))
    return Sample(wall, cpu, own_cpu, peak, seen, all_together)


def adopted(timeout: float) -> float:
    """Waits for orphans that came to us; their CPU seconds."""
    cpu, deadline = 0.0, time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return cpu
        if pid:
            cpu += usage.ru_utime + usage.ru_stime
        else:
            time.sleep(0.005)
    raise Failed("left processes behind")


class Peak:
    """Follows the peak resident memory of one process until it ends; the kernel forgets it then."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._status = Path(f"/proc/{pid}/status")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._stop.wait(0.01):
            self.bytes = max(self.bytes, status_bytes(self._status, "VmHWM"))

    def end(self) -> int:
        self._stop.set()
        self._thread.join()
        return self.bytes


class Family:
    """Follows the resident memory of a session: a process, and all that stays with it or below it."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._stop.wait(0.02):
            self.bytes = max(self.bytes, sum(self._members()))

    def _members(self) -> Iterator[int]:
        # The official service makes a session of its own, and its parent may be gone: then it has come to us.
        family = below(self._pid)
        for pid in family | {pid for pid, parent in parents().items() if parent == os.getpid()}:
            yield status_bytes(Path(f"/proc/{pid}/status"), "VmRSS")

    def end(self) -> int:
        self._stop.set()
        self._thread.join()
        return self.bytes


def parents() -> dict[int, int]:
    """The parent of each process."""
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found[int(entry.name)] = int(fields[1])
    return found


def below(pid: int) -> set[int]:
    """A process and all below it."""
    all_parents = parents()
    family, grown = {pid}, True
    while grown:
        more = {pid for pid, parent in all_parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return family


def end_family(family: set[int], seconds: float = 10) -> None:
    """Waits for processes that were asked to end, kills those that do not, and collects the orphans among them."""
    deadline = time.monotonic() + seconds
    while left := {pid for pid in family if not collected(pid)}:
        if time.monotonic() > deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def collected(pid: int) -> bool:
    """Whether a process is no more; an orphan that came to us is collected."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return not Path(f"/proc/{pid}").exists()


def status_bytes(status: Path, name: str) -> int:
    """A size from `/proc/PID/status`; 0 if the process has none any more."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    sizes = (int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
    return next(sizes, 0)


class Drain:
    """A terminal whose output is read at once and thrown away."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.name = os.ttyname(self._slave)
        self.seen = 0
        self._thread = threading.Thread(target=self._read, daemon=True)

    def begin(self) -> None:
        # With our copy open the end of the output would not be seen.
        os.close(self._slave)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                self.seen += len(os.read(self._master, 256 * 1024))
            except OSError:
                return

    def end(self) -> int:
        self._thread.join(10)
        os.close(self._master)
        return self.seen


def cpu_times() -> tuple[float, float]:
    """Busy and total CPU seconds of the machine."""
    with open("/proc/stat") as stat:
        ticks = [int(word) for word in stat.readline().split()[1:9]]
    total, idle = sum(ticks), ticks[3] + ticks[4]
    return (total - idle) / 100, total / 100


def wait_for_quiet(patience: float) -> bool:
    """Waits for a moment in which others use less than a tenth of the machine; says whether it came."""
    deadline = time.monotonic() + patience
    while True:
        busy, total = cpu_times()
        time.sleep(0.1)
        busy_now, total_now = cpu_times()
        if busy_now - busy < 0.1 * max(total_now - total, 0.01):
            return True
        if time.monotonic() > deadline:
            return False


def calibrate() -> float:
    """CPU seconds of a fixed computation: shows whether the machine was the same all the time."""
    before = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number * number % 7
    return time.process_time() - before


@dataclass
class Turns:
    """Measures several candidates in turns."""

    #: Measurements that counted, those during which others were busy, and those that were made again for that.
    taken: int = 0
    loud: int = 0
    repeated: int = 0
    #: Seconds that may still be spent on a busy machine: it shall not hold us up for ever.
    patience: float = 300.0
    calibration: list[float] = field(default_factory=list)

    def take(
        self, candidates: Mapping[str, Callable[[], Sample]], rounds: int, warm_up: bool = True
    ) -> dict[str, list[Sample]]:
        """A B C A B C …; the first round is thrown away."""
        samples: dict[str, list[Sample]] = {name: [] for name in candidates}
        self.calibration.append(calibrate())
        for turn in range(rounds + warm_up):
            for name, candidate in candidates.items():
                if turn < warm_up:
                    candidate()
                else:
                    samples[name].append(self._undisturbed(candidate))
        self.calibration.append(calibrate())
        return samples

    def _undisturbed(self, candidate: Callable[[], Sample]) -> Sample:
        """Measures while nobody else is busy, if such a moment comes."""
        for attempt in range(4):
            start = time.monotonic()
            quiet = wait_for_quiet(min(5.0, self.patience))
            busy, total = cpu_times()
            ours = time.process_time()
            sample = candidate()
            busy_now, total_now = cpu_times()
            # What we did ourselves (reading back what was recorded) is not a disturbance; nor are the 10 ms that
            # these counters may be wrong by.
            others = busy_now - busy - sample.cpu - (time.process_time() - ours) - 0.01
            quiet = quiet and others < 0.1 * (total_now - total)
            if quiet or attempt == 3 or self.patience <= 0:
                break
            self.repeated += 1
            self.patience = max(0.0, self.patience - (time.monotonic() - start))
        self.taken += 1
        self.loud += not quiet
        return sample


def median(samples: Sequence[Sample], name: str) -> float:
    return statistics.median(getattr(sample, name) for sample in samples)


@dataclass
class Log:
    """What a `.wandb` file holds."""

    size: int = 0
    #: Number of records by the number of their field in `Record`.
    records: collections.Counter[int] = field(default_factory=collections.Counter)
    #: Bytes of console text.
    console: int = 0
    bad: int = 0
    #: Number of values in history rows; every hundredth row is looked at.
    widths: set[int] = field(default_factory=set)

    HISTORY = 2
    SUMMARY = 3
    OUTPUT_RAW = 13
    EXIT = 18

    @property
    def rows(self) -> int:
        return self.records[self.HISTORY]


BLOCK = 32 * 1024


def read_log(path: Path) -> Log:
    """Reads a transaction log from end to end and checks every checksum."""
    data = path.read_bytes()
    log = Log(size=len(data))
    if data[:7] != b":W&B\xe1\xbe\0":
        raise Failed("the log has no header")
    at, parts = 7, []
    while at < len(data):
        room = BLOCK - at % BLOCK
        if room < 7:
            at += room
            continue
        checksum, length, kind = struct.unpack_from("<IHB", data, at)
        payload = data[at + 7 : at + 7 + length]
        if zlib.crc32(data[at + 6 : at + 7 + length]) != checksum or len(payload) != length:
            log.bad += 1
            at += room
            parts = []
            continue
        at += 7 + length
        parts.append(payload)
        # FULL or LAST
        if kind in (1, 4):
            record = b"".join(parts)
            parts = []
            for number, value in fields(record):
                if isinstance(value, memoryview) and 2 <= number <= 100 and number not in (16, 19):
                    log.records[number] += 1
                    if number == Log.HISTORY and log.rows % 100 == 1:
                        log.widths.add(sum(n == 1 for n, _ in fields(value)))
                    if number == Log.OUTPUT_RAW:
                        log.console += sum(len(v) for n, v in fields(value) if n == 3 and isinstance(v, memoryview))
    return log


def fields(message: bytes | memoryview) -> list[tuple[int, int | memoryview]]:
    """The fields of a protobuf message, undecoded."""
    view, at, found = memoryview(message), 0, []

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = view[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(view):
        key = varint()
        kind = key & 7
        if kind == 0:
            found.append((key >> 3, varint()))
        elif kind == 2:
            length = varint()
            found.append((key >> 3, view[at : at + length]))
            at += length
        else:
            at += 8 if kind == 1 else 4
    return found
