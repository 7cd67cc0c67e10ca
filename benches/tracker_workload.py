"""Points for other trackers; run by the Python of an environment that has the tracker.

    tracker_workload.py trackio ROWS COLUMNS RESULT    rows of COLUMNS scalars by `trackio.log`
    tracker_workload.py trackio-serve PORT             its dashboard
    tracker_workload.py mlflow ROWS COLUMNS RESULT     the same by `MlflowClient.log_batch`, 1000 values at a time

They write below the directory they are started in. RESULT is a file that gets the seconds of wall and CPU from the first
row to the last that is stored, the size of the store before, and the run's name, as a JSON object.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Callable, Iterator


def values(rows: int, columns: int) -> list[dict[str, float]]:
    """Noisy curves, as those the servers get."""
    noise = random.Random(1)
    names = [f"train/metric_{column}" for column in range(columns)]
    return [{name: 1 / (1 + step / 100) + noise.gauss(0, 0.05) for name in names} for step in range(rows)]


def size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())


def measured(ingest: Callable[[], object], result: str, run: str) -> None:
    before = size(Path.cwd())
    cpu, start = time.process_time(), time.perf_counter()
    ingest()
    figures = {"seconds": time.perf_counter() - start, "spent": time.process_time() - cpu}
    Path(result).write_text(json.dumps({**figures, "before": before, "run": run}))


def trackio(rows: str, columns: str, result: str) -> None:
    import trackio

    ready = values(int(rows), int(columns))
    # Without the machine's figures: they are not what is measured.
    trackio.init(project="bench", name="run", auto_log_gpu=False, auto_log_cpu=False, embed=False)

    def ingest() -> None:
        for row in ready:
            trackio.log(row)
        trackio.finish()

    measured(ingest, result, "run")


def trackio_serve(port: str) -> None:
    import trackio

    trackio.show(open_browser=False, share=False, block_thread=True, server_port=int(port))


def mlflow(rows: str, columns: str, result: str) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    ready = values(int(rows), int(columns))
    client = MlflowClient("sqlite:///mlflow.db")
    run = client.create_run("0").info.run_id

    def batches() -> Iterator[list[Metric]]:
        batch: list[Metric] = []
        for step, row in enumerate(ready):
            now = int(time.time() * 1000)
            batch += [Metric(name, value, now, step) for name, value in row.items()]
            # What it takes at most.
            while len(batch) >= 1000:
                yield batch[:1000]
                batch = batch[1000:]
        if batch:
            yield batch

    def ingest() -> None:
        for batch in batches():
            client.log_batch(run, metrics=batch)
        client.set_terminated(run)

    measured(ingest, result, run)


WORKLOADS: dict[str, Callable[..., None]] = {"trackio": trackio, "trackio-serve": trackio_serve, "mlflow": mlflow}


if __name__ == "__main__":
    WORKLOADS[sys.argv[1]](*sys.argv[2:])
