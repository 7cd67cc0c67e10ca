"""The local server: taking points in, keeping them, and reading charts and lists. Rows 27 to 30."""

from __future__ import annotations

import base64
import http.client
import json
import random
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Sequence
from urllib.parse import quote, urlsplit

import bench as environments
import harness
from bench import MB, Bench
from figures import Figure, Goal
from harness import Failed, Sample

OPENWANDB = "openwandb==0.5.25"
UPSERT = """mutation UpsertBucket($name: String, $project: String, $entity: String, $config: JSONString, $summary: JSONString) {
upsertBucket(input: {name: $name, modelName: $project, entityName: $entity, config: $config, summaryMetrics: $summary}) {
bucket { id name } inserted } }"""
METRIC = "train/metric_0"
#: What asks for something of a server, and gives the answer.
Request = Callable[[], bytes]


class Server:
    """A server that runs, and a connection to it."""

    def __init__(self, process: subprocess.Popen[Any], url: str, key: str = "", entity: str = "") -> None:
        self.process, self.entity = process, entity
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self.asked = 0.0
        self.headers = {"Content-Type": "application/json"}
        if key:
            self.headers["Authorization"] = "Basic " + base64.b64encode(f"api:{key}".encode()).decode()

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        # Some close a connection that nothing is asked on.
        if time.monotonic() - self.asked > 1:
            self.connection.close()
        self.asked = time.monotonic()
        try:
            self.connection.request(method, path, body, self.headers)
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise Failed(f"{method} {path.partition('?')[0]}: {error!r}") from error
        self.asked = time.monotonic()
        if answer.status >= 300:
            raise Failed(f"{method} {path.partition('?')[0]}: {answer.status} {content[:300]!r}")
        return content

    def first(self, request: Request, seconds: float = 300) -> bytes:
        """Asks until there is an answer."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return request()
            except Failed as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Failed(f"a server did not start: {error}") from error
                time.sleep(0.01)

    def upsert(self, run: str, config: dict[str, Any] | None = None, summary: dict[str, Any] | None = None) -> bytes:
        variables = {"name": run, "project": "bench", "entity": self.entity}
        if config is not None:
            variables["config"] = json.dumps({key: {"value": value} for key, value in config.items()})
        if summary is not None:
            variables["summary"] = json.dumps(summary)
        return self.ask("POST", "/graphql", json.dumps({"query": UPSERT, "variables": variables}).encode())

    def stream(self, run: str, body: bytes) -> None:
        self.ask("POST", f"/files/{quote(self.entity)}/bench/{run}/file_stream", body)

    def family(self) -> set[int]:
        """Its processes."""
        return harness.below(self.process.pid)

    def cpu(self) -> float:
        spent = 0.0
        for pid in self.family():
            try:
                spent += harness.cpu_clock(pid)
            except OSError:
                # It has ended in between.
                continue
        return spent

    def memory(self, name: str = "VmRSS") -> float:
        """Of all its processes together, in MB."""
        return sum(harness.status_bytes(Path(f"/proc/{pid}/status"), name) for pid in self.family()) / MB

    def stop(self) -> None:
        """Ends it and all its processes. A server that does not end in time is no longer asked."""
        family = self.family()
        self.connection.close()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        harness.end_family(family)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def ours(bench: Bench, data: Path) -> Server:
    """Our server, when it has said that it is ready."""
    command = [bench.binary, "server", "start", "--foreground", "--port", "0", "--data-dir", str(data)]
    process = subprocess.Popen(command, env=bench.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    line = process.stdout.readline()
    if ": " not in line:
        process.kill()
        raise Failed(f"our server did not start: {line!r}")
    entity = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    return Server(process, line.split(": ", 1)[1].strip(), (data / "api-key").read_text().strip(), entity)


def openwandb(bench: Bench, data: Path) -> Server:
    """openwandb, started; it may not be ready."""
    python = environments.environment(OPENWANDB)
    data.mkdir(exist_ok=True)
    port = free_port()
    command = [str(python.parent / "openwandb"), "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", str(data)]
    process = subprocess.Popen(
        command, cwd=data, env=bench.env | {"HOME": str(data)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return Server(process, f"http://127.0.0.1:{port}", "local" + "0" * 40, "openwandb")


# -- requests ---------------------------------------------------------------------------------------------------------


def single(value: float) -> float:
    """As a metric computed in 32 bits arrives."""
    return struct.unpack("f", struct.pack("f", value))[0]


def bodies(rows: int, columns: int, each: int) -> list[bytes]:
    """File streams of rows of noisy curves, `each` rows in one."""
    noise = random.Random(1)
    names = [f"train/metric_{column}" for column in range(columns)]
    streams = []
    for first in range(0, rows, each):
        lines = []
        for step in range(first, min(rows, first + each)):
            values = {name: single(1 / (1 + step / 100) + noise.gauss(0, 0.05)) for name in names}
            lines.append(json.dumps({"_step": step, "_timestamp": 1.79e9 + step / 4, "_runtime": step / 4, **values}))
        files = {"wandb-history.jsonl": {"offset": first, "content": lines}}
        streams.append(json.dumps({"files": files}).encode())
    return streams


def ingest(server: Server, run: str, streams: Iterable[bytes]) -> Sample:
    """From the first request until all was acknowledged; the CPU is the server's."""
    server.upsert(run)
    before, start = server.cpu(), time.perf_counter()
    for stream in streams:
        server.stream(run, stream)
    server.stream(run, b'{"complete": true, "exitcode": 0}')
    return Sample(time.perf_counter() - start, server.cpu() - before, 0, 0, 0)


def series(server: Server, runs: list[str], metrics: list[str], points: int) -> Request:
    """A chart of ours."""
    body = json.dumps({"runs": runs, "metrics": metrics, "points": points}).encode()
    return lambda: server.ask("POST", f"/-/api/p/{quote(server.entity)}/bench/series", body)


def grouped(count: int) -> str:
    """A number that can be read."""
    return f"{count:,}".replace(",", " ")


def size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def asked(server: Server, request: Request, times: int = 5) -> Sample:
    """The same request several times: one alone is too short to see whether others were busy meanwhile."""
    taken = []
    before = server.cpu()
    for _ in range(times):
        start = time.perf_counter()
        request()
        taken.append(time.perf_counter() - start)
    return Sample(statistics.median(taken), server.cpu() - before, 0, 0, 0)


def milliseconds(samples: Iterable[Sample]) -> list[float]:
    return [sample.wall * 1e3 for sample in samples]


# -- rows -------------------------------------------------------------------------------------------------------------


def rows(bench: Bench) -> list[Figure]:
    """Our server, beside openwandb where it is a matter of requests that both take."""
    work = bench.work / "server"
    work.mkdir()
    try:
        return Rows(bench, work).all()
    finally:
        shutil.rmtree(work, ignore_errors=True)


class Rows:
    """What is measured, in the order in which it needs one another."""

    #: Values of a row that are not metrics: `_step`, `_timestamp`, `_runtime`.
    MORE = 3

    def __init__(self, bench: Bench, work: Path) -> None:
        self.bench = bench
        self.work = work
        self.data = work / "ours"
        #: The runs in the order in which they came: the server numbers them so.
        self.runs: list[str] = []

    def all(self) -> list[Figure]:
        server = ours(self.bench, self.data)
        try:
            found = [*self.taking(server), *self.beside(server)]
            million = 1_000_000
            self.ingest(server, "million", bodies(million, 1, 20_000))
        finally:
            server.stop()
        found += [*self.keeping(million), *self.starting()]
        server = ours(self.bench, self.data)
        try:
            return [*found, *self.reading(server, million), *self.many(server), *self.listing(server), *self.large(server)]
        finally:
            server.stop()

    def ingest(self, server: Server, run: str, streams: Sequence[bytes]) -> Sample:
        self.runs.append(run)
        return ingest(server, run, streams)

    def take(self, candidates: Mapping[str, Callable[[], Sample]], full: int) -> dict[str, list[Sample]]:
        return self.bench.turns.take(candidates, self.bench.rounds(full))

    def taking(self, server: Server) -> list[Figure]:
        """Row 27: a million points."""
        narrow = bodies(100_000, 10, 5_000)
        taken = self.take({"ours": lambda: self.ingest(server, f"narrow-{len(self.runs)}", narrow)}, 7)["ours"]
        goals = ([Goal(0.6, "s")], [Goal(1.5, "s")])
        return [
            Figure("27", "server: ingest of 1 M points, 100 000 rows of 10, CPU", "s", [s.cpu for s in taken], "", [], *goals),
            Figure("27b", "… wall", "s", [s.wall for s in taken]),
        ]

    def beside(self, server: Server) -> list[Figure]:
        """The same requests to openwandb, of which a tenth is enough."""
        columns = 100
        count = self.bench.size(20_000)
        wide = bodies(count, columns, 500)
        candidates = {"ours": lambda: self.ingest(server, f"wide-{len(self.runs)}", wide)}
        few = wide[: max(1, len(wide) // 10)]
        other = None
        if self.bench.official:
            try:
                other = openwandb(self.bench, self.work / "openwandb")
                probed = other
                other.first(lambda: probed.upsert("probe"))
                runs = iter(range(100))
                candidates["openwandb"] = lambda: ingest(probed, f"wide-{next(runs)}", few)
            except (Failed, OSError, subprocess.SubprocessError) as error:
                print(f"openwandb is left out: {error}", file=sys.stderr)
        try:
            taken = self.take(candidates, 5)
        finally:
            if other:
                other.stop()
        rate = lambda samples, streams: [len(streams) * 500 * columns / sample.wall for sample in samples]
        theirs = rate(taken.get("openwandb", []), few)
        what = f"… rate, {grouped(count)} rows of {columns}"
        if theirs:
            what += f" (openwandb: {grouped(len(few) * 500)} of them)"
        goals = [Goal(20, ratio=True, least=True)] if theirs else []
        return [Figure("27c", what, "points/s", rate(taken["ours"], wide), "openwandb" if theirs else "", theirs, goals)]

    def keeping(self, million: int) -> list[Figure]:
        """Row 28: room on the disk. `_step`, `_timestamp` and `_runtime` count as values."""
        found = []
        for name, rows, columns in (("wide", self.bench.size(20_000), 100), ("narrow", 100_000, 10), ("million", million, 1)):
            number = next(number for number, run in enumerate(self.runs, 1) if run.startswith(name))
            value = size(self.data / "points" / str(number)) / (rows * (columns + self.MORE))
            what = f"server: bytes a value, {grouped(rows)} rows of {columns}"
            found.append(Figure("28", what, "B", [value], "", [], [Goal(12, "B")], [Goal(25, "B")]))
        return found

    def starting(self) -> list[Figure]:
        """Row 30: from nothing to the first chart."""

        def start() -> Sample:
            begin = time.perf_counter()
            server = ours(self.bench, self.data)
            try:
                ready = time.perf_counter() - begin
                self.chart(server)()
                sample = Sample(time.perf_counter() - begin, server.cpu(), 0, 0, 0)
                sample.figures = {"ready": ready, "memory": server.memory()}
            finally:
                server.stop()
            return sample

        taken = self.take({"ours": start}, 9)["ours"]
        return [
            Figure("30", "server: start → first chart", "ms", milliseconds(taken), "", [], [Goal(50, "ms")], [Goal(300, "ms")]),
            Figure("30+", "… → ready", "ms", self.bench.pick(taken, "ready", 1e3)),
            Figure("30b", "… RSS then", "MB", self.bench.pick(taken, "memory"), "", [], [Goal(40, "MB")], [Goal(100, "MB")]),
        ]

    def chart(self, server: Server, points: int = 1500) -> Request:
        return series(server, [self.runs[0]], [METRIC], points)

    def reading(self, server: Server, million: int) -> list[Figure]:
        """Row 29: charts of one series."""
        answer = json.loads(self.chart(server, 100_000)())["series"][0]
        if len(answer["x"]) != 100_000:
            raise Failed(f"the whole series has {len(answer['x'])} of 100000 points")
        more = series(server, ["million"], [METRIC], 2000)
        found = []
        for row, what, request, excellent, acceptable in (
            ("29", "server: a whole series of 100 000 points", self.chart(server, 100_000), 60, 200),
            ("29b", "… its view of 1 500 points", self.chart(server), 5, 30),
            ("29f", f"… a view of 2 000 points of {grouped(million)}", more, 20, None),
        ):
            taken = self.take({"ours": lambda request=request: asked(server, request)}, 7)["ours"]
            goals = ([Goal(excellent, "ms")], [Goal(acceptable, "ms")] if acceptable else [])
            found.append(Figure(row, what, "ms", milliseconds(taken), "", [], *goals))
        return found

    def many(self, server: Server) -> list[Figure]:
        """Many curves in one chart."""
        self.curves = bodies(10_000, 10, 5_000)
        names = [f"many-{number}" for number in range(self.bench.size(100))]
        for name in names:
            self.ingest(server, name, self.curves)
        self.all_curves = series(server, names, [f"train/metric_{column}" for column in range(10)], 500)
        taken = self.take({"ours": lambda: asked(server, self.all_curves, 1)}, 5)["ours"]
        what = f"… {len(names)} runs × 10 metrics × 10 000 steps to 500 points"
        return [Figure("29g", what, "ms", milliseconds(taken), "", [], [Goal(300, "ms")])]

    def listing(self, server: Server) -> list[Figure]:
        """Lists of runs."""
        count = self.bench.size(10_000)
        for number in range(count - len(self.runs)):
            config = {"lr": number / count, "model": {"depth": number % 7}, "seed": number}
            server.upsert(f"list-{number}", config, {"acc": number % 97 / 97, "loss": 1.0})
        path = f"/-/api/p/{quote(server.entity)}/bench/runs?limit=100&columns=config.lr,summary.acc"
        chosen = path + "&sort=-summary.acc&filter=" + quote("config.lr < 0.5 and summary.acc > 0.3")
        found = []
        for row, what, question in (
            ("29h", f"server: list of {grouped(count)} runs, the newest 100", path),
            ("29i", "… filtered and sorted by their values", chosen),
        ):
            taken = self.take({"ours": lambda question=question: asked(server, lambda: server.ask("GET", question))}, 7)["ours"]
            found.append(Figure(row, what, "ms", milliseconds(taken), "", [], [Goal(50, "ms")]))
        return found

    def large(self, server: Server) -> list[Figure]:
        """10^8 points more, with --large."""
        if not self.bench.large:
            return []
        start = time.perf_counter()
        for number in range(1000):
            self.ingest(server, f"large-{number}", self.curves)
        rate = 1e8 / (time.perf_counter() - start)
        taken = self.take({"ours": lambda: asked(server, self.all_curves, 1)}, 3)["ours"]
        return [
            Figure("27l", "server: ingest of 10^8 points more", "points/s", [rate]),
            Figure("30l", "… peak RSS after them", "MB", [server.memory("VmHWM")], "", [], [Goal(300, "MB")]),
            Figure("29l", "… the chart of 29g then", "ms", milliseconds(taken)),
        ]
