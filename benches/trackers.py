"""Other trackers on the quantities of rows 27 to 30, beside our server: openwandb, trackio, mlflow.

A tracker that cannot be installed is left out; one that fails makes its line invalid, and the others go on.
"""

from __future__ import annotations

import functools
import itertools
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Mapping
from urllib.parse import urlencode

import bench as environments
import harness
import servers
from bench import ROOT, Bench
from figures import Figure
from harness import Failed, Sample
from servers import METRIC, Request, Server, grouped

WORKLOAD = str(ROOT / "benches" / "tracker_workload.py")


class Tracker:
    """What is different from tracker to tracker."""

    name = ""
    requirement = ""
    #: Of its lines.
    letter = ""
    #: How points come in.
    way = ""
    #: The points it is given: as many as it takes in some seconds.
    full_rows = 0
    columns = 0
    #: Points of a view, if it gives views.
    points: int | None = 1500
    #: Whether its rate is to be told.
    rate = True

    def ingest(self, bench: Bench, place: Path, rows: int) -> Sample:
        """Stores rows. Its figures have `seconds` and `spent`, which is CPU, `before`, the size of the empty store, and `run`."""
        raise NotImplementedError

    def serve(self, bench: Bench, place: Path) -> Server:
        """Starts what shows them."""
        raise NotImplementedError

    def series(self, server: Server, run: str, points: int | None) -> Request:
        """Asks for one metric: all of it, or a view of so many points."""
        raise NotImplementedError

    def count(self, answer: bytes) -> int:
        """The points in an answer."""
        raise NotImplementedError


class Script(Tracker):
    """One that stores in the process of the script."""

    def ingest(self, bench: Bench, place: Path, rows: int) -> Sample:
        place.mkdir(parents=True)
        result = bench.result()
        command = [str(python(self.requirement)), "-B", WORKLOAD, self.name, str(rows), str(self.columns), str(result)]
        cpu, start = harness.children_cpu(), time.perf_counter()
        done = subprocess.run(command, cwd=place, env=self.env(bench, place), capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise Failed(f"{self.name} ended with {done.returncode}: {done.stderr.strip().rpartition(chr(10))[2]}")
        sample = Sample(time.perf_counter() - start, harness.children_cpu() - cpu, 0, 0, 0)
        sample.figures = bench.figures()
        return sample

    def env(self, bench: Bench, place: Path) -> Mapping[str, str]:
        return bench.env | {"TRACKIO_DIR": str(place)}

    def start(self, bench: Bench, place: Path, port: int, *words: str) -> Server:
        process = subprocess.Popen(
            [str(python(self.requirement)), "-B", *words], cwd=place, env=self.env(bench, place),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        return Server(process, f"http://127.0.0.1:{port}")


class Trackio(Script):
    name = "trackio"
    requirement = "trackio==0.43.0"
    letter = "d"
    way = "`log` of a row, into its SQLite"
    full_rows = 100_000
    columns = 10

    def serve(self, bench: Bench, place: Path) -> Server:
        port = servers.free_port()
        return self.start(bench, place, port, WORKLOAD, "trackio-serve", str(port))

    def series(self, server: Server, run: str, points: int | None) -> Request:
        body = json.dumps({"project": "bench", "run": run, "metric_name": METRIC, "max_points": points}).encode()
        return lambda: server.ask("POST", "/api/get_metric_values", body)

    def count(self, answer: bytes) -> int:
        return len(json.loads(answer)["data"])


class Mlflow(Script):
    name = "mlflow"
    requirement = "mlflow==3.17.2"
    letter = "e"
    # Where a script's values go unless it is told otherwise.
    way = "`log_batch` of 1 000, into SQLite, no server between"
    full_rows = 20_000
    columns = 1

    def serve(self, bench: Bench, place: Path) -> Server:
        port = servers.free_port()
        store = ("--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "artifacts")
        return self.start(bench, place, port, "-m", "mlflow", "server", *store, "--host", "127.0.0.1", "--port", str(port))

    def series(self, server: Server, run: str, points: int | None) -> Request:
        if points is None:
            query = urlencode({"run_id": run, "metric_key": METRIC, "max_results": 25_000})
            return lambda: server.ask("GET", f"/api/2.0/mlflow/metrics/get-history?{query}")
        query = urlencode({"run_ids": run, "metric_key": METRIC, "max_results": points})
        return lambda: server.ask("GET", f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{query}")

    def count(self, answer: bytes) -> int:
        return len(json.loads(answer)["metrics"])


class Openwandb(Tracker):
    name = "openwandb"
    requirement = servers.OPENWANDB
    letter = "c"
    # It answers with at most so many points, and has no view of fewer.
    full_rows = 10_000
    columns = 10
    points = None
    # Told in row 27c.
    rate = False

    def ingest(self, bench: Bench, place: Path, rows: int) -> Sample:
        streams = bodies(rows, self.columns)
        server = self.serve(bench, place)
        try:
            server.first(lambda: server.upsert("probe"))
            before = servers.size(place)
            sample = servers.ingest(server, "run", streams)
        finally:
            server.stop()
        sample.figures = {"seconds": sample.wall, "spent": sample.cpu, "before": before, "run": "run"}  # type: ignore[dict-item]
        return sample

    def serve(self, bench: Bench, place: Path) -> Server:
        return servers.openwandb(bench, place)

    def series(self, server: Server, run: str, points: int | None) -> Request:
        return lambda: server.ask("GET", f"/api/v2/runs/{run}/metrics?{urlencode({'key': METRIC})}")

    def count(self, answer: bytes) -> int:
        return len(json.loads(answer)["metrics"])


ALL: tuple[Tracker, ...] = (Openwandb(), Trackio(), Mlflow())


@functools.cache
def python(requirement: str) -> Path | None:
    """The Python of a tracker's environment, if it can be had."""
    try:
        return environments.environment(requirement)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{requirement} is left out: {error}", file=sys.stderr)
        return None


@functools.cache
def bodies(rows: int, columns: int) -> list[bytes]:
    return servers.bodies(rows, columns, max(1, 50_000 // columns))


def rows(bench: Bench) -> list[Figure]:
    """Each tracker beside our server, with the same number of points."""
    found = []
    for tracker in ALL if bench.official else ():
        if not python(tracker.requirement):
            continue
        print(f"… {tracker.name} …", file=sys.stderr, flush=True)
        work = bench.work / "trackers"
        work.mkdir()
        beside = Beside(bench, tracker, work)
        try:
            beside.measure()
        except (Failed, OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError) as error:
            problem = f"{type(error).__name__}: {error}"[:200].replace("\n", " ")
            beside.found.append(Figure(f"27{tracker.letter}", f"server: beside {tracker.name}", "", [float("nan")], problems=[problem]))
        finally:
            shutil.rmtree(work, ignore_errors=True)
        found += beside.found
    # By row, as the others.
    return sorted(found, key=lambda figure: figure.row[:2])


class Beside:
    """Our server and one tracker."""

    def __init__(self, bench: Bench, tracker: Tracker, work: Path) -> None:
        self.bench, self.tracker, self.work = bench, tracker, work
        self.rows = bench.size(tracker.full_rows)
        self.values = self.rows * tracker.columns
        self.found: list[Figure] = []
        self.shape = f"{grouped(self.rows)} rows of {tracker.columns}"
        self.places: list[Path] = []
        self.run = ""

    def add(self, number: int, what: str, unit: str, ours: list[float], theirs: list[float]) -> None:
        self.found.append(Figure(f"{number}{self.tracker.letter}", what, unit, ours, self.tracker.name, theirs))

    def measure(self) -> None:
        self.taking()
        server = servers.ours(self.bench, self.work / "ours")
        other = None
        try:
            other = self.tracker.serve(self.bench, self.places[-1])
            other.first(self.tracker.series(other, self.run, self.tracker.points))
            self.reading(server, other)
        finally:
            for running in filter(None, (server, other)):
                running.stop()
        self.starting()

    def taking(self) -> None:
        """Rows 27 and 28."""
        streams = bodies(self.rows, self.tracker.columns)
        numbers = itertools.count()
        server = servers.ours(self.bench, self.work / "ours")

        def theirs() -> Sample:
            for old in self.places:
                shutil.rmtree(old)
            self.places = [self.work / f"theirs-{next(numbers)}"]
            return self.tracker.ingest(self.bench, self.places[0], self.rows)

        runs = (f"run-{number}" for number in itertools.count())
        candidates = {"ours": lambda: servers.ingest(server, next(runs), streams), "theirs": theirs}
        try:
            taken = self.bench.turns.take(candidates, 1 if self.bench.quick else 3, warm_up=False)
        finally:
            server.stop()
        self.run = str(taken["theirs"][-1].figures["run"])
        seconds, spent = (self.bench.pick(taken["theirs"], name) for name in ("seconds", "spent"))
        rates = ([self.values / s.wall for s in taken["ours"]], [self.values / s for s in seconds])
        if self.tracker.rate:
            self.add(27, f"server: ingest of {self.shape} ({self.tracker.name}: {self.tracker.way})", "points/s", *rates)
        cpu = ([s.cpu / self.values * 1e6 for s in taken["ours"]], [s / self.values * 1e6 for s in spent])
        self.add(27, f"… CPU a point, {self.shape}", "µs", *cpu)
        stored = servers.size(self.places[0]) - taken["theirs"][-1].figures["before"]
        kept = servers.size(self.work / "ours" / "points" / "1")
        self.add(28, f"server: bytes a point, {self.shape}", "B", [kept / self.values], [stored / self.values])

    def reading(self, server: Server, other: Server) -> None:
        """Row 29."""
        whole = self.tracker.series(other, self.run, None)
        came = self.tracker.count(whole())
        if came != self.rows:
            raise Failed(f"{came} of {self.rows} points came")
        lines = [(f"server: a whole series of {grouped(self.rows)} points", self.chart(server, self.rows), whole)]
        if self.tracker.points:
            view = self.tracker.series(other, self.run, self.tracker.points)
            came = self.tracker.count(view())
            lines.append((f"… its view of 1 500 points ({self.tracker.name} gives {grouped(came)})", self.chart(server), view))
        for what, mine, theirs in lines:
            candidates: dict[str, Callable[[], Sample]] = {
                "ours": lambda mine=mine: servers.asked(server, mine),
                "theirs": lambda theirs=theirs: servers.asked(other, theirs, 3),
            }
            taken = self.bench.turns.take(candidates, 2 if self.bench.quick else 5)
            self.add(29, what, "ms", servers.milliseconds(taken["ours"]), servers.milliseconds(taken["theirs"]))

    def chart(self, server: Server, points: int = 1500) -> Request:
        return servers.series(server, ["run-0"], [METRIC], points)

    def starting(self) -> None:
        """Row 30."""

        def start(serve: Callable[[], Server], request: Callable[[Server], Request]) -> Sample:
            begin = time.perf_counter()
            server = serve()
            try:
                server.first(request(server))
                sample = Sample(time.perf_counter() - begin, server.cpu(), 0, 0, 0)
                sample.figures = {"memory": server.memory()}
            finally:
                server.stop()
            return sample

        candidates = {
            "ours": lambda: start(lambda: servers.ours(self.bench, self.work / "ours"), self.chart),
            "theirs": lambda: start(
                lambda: self.tracker.serve(self.bench, self.places[0]),
                lambda server: self.tracker.series(server, self.run, self.tracker.points),
            ),
        }
        taken = self.bench.turns.take(candidates, 1 if self.bench.quick else 3, warm_up=not self.bench.quick)
        memory = {who: self.bench.pick(samples, "memory") for who, samples in taken.items()}
        self.add(30, "server: start → first chart", "ms", servers.milliseconds(taken["ours"]), servers.milliseconds(taken["theirs"]))
        self.add(30, "… RSS of all its processes then", "MB", memory["ours"], memory["theirs"])
