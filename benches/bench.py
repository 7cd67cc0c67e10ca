"""What all groups of rows need: the programs that are measured, a place for recordings, the rhythm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterable, Sequence

import harness
from harness import Log, Sample, Turns

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WORKLOAD = str(ROOT / "benches" / "workload.py")
OFFICIAL = "wandb==0.31.0"
MB = 1e6
#: Nothing that is measured here shall tell anybody about it.
SILENT = {
    "DO_NOT_TRACK": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OTEL_SDK_DISABLED": "true",
    "WANDB_ERROR_REPORTING": "false",
}


def environment(requirement: str) -> Path:
    """The Python of an environment that has a package, pinned; made once."""
    name, _, version = requirement.partition("==")
    place = TARGET / "bench" / ("official" if name == "wandb" else name)
    python = place / "bin" / "python"
    if not any(place.glob(f"lib/python*/site-packages/{name}-{version}.dist-info")):
        print(f"installing {requirement} …", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", requirement]
        subprocess.run(pip, check=True)
    return python


class Bench:
    """The programs that are measured, a directory for recordings, the rhythm."""

    def __init__(self, binary: Path, official: Path | None, work: Path, quick: bool, large: bool = False) -> None:
        self.binary = str(binary)
        self.official = official
        self.work = work
        self.quick = quick
        self.large = large
        self.turns = Turns()
        # Nothing of the user's settings: they are not the subject.
        kept = ("PATH", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        home = work / "home"
        home.mkdir()
        self.env |= {"HOME": str(home), "SHELL": "/bin/sh", "TERM": "xterm", **SILENT}

    def rounds(self, full: int) -> int:
        return max(2, full // 3) if self.quick else full

    def size(self, full: int) -> int:
        return full // 5 if self.quick else full

    @staticmethod
    def tool(name: str) -> str:
        return shutil.which(name) or sys.exit(f"{name} is missing")

    @staticmethod
    def python(*words: object) -> list[str]:
        """A workload. Without `site`, so that the interpreter costs as little as it can."""
        return [sys.executable, "-S", WORKLOAD, *map(str, words)]

    def wrap(self, command: Sequence[str], *options: str) -> list[str]:
        """The command under wandb-rs."""
        return [self.binary, "run", "--silent", "--dir", str(self.work), *options, "--", *command]

    def recorded(self) -> Path:
        """The last run's directory."""
        return (self.work / "wandb" / "latest-run").resolve()

    def read_log(self) -> Log:
        (path,) = self.recorded().glob("*.wandb")
        return harness.read_log(path)

    def forget(self) -> None:
        """Removes what was recorded; a flood's 400 MB shall not be written to the disk behind the next candidate."""
        shutil.rmtree(self.work / "wandb", ignore_errors=True)
        for file in self.work.glob("out*"):
            file.unlink()

    def run(self, *commands: Sequence[str], **options: object) -> Sample:
        """Measures a pipeline."""
        options.setdefault("env", self.env)
        return harness.measure(*commands, **options)  # type: ignore[arg-type]

    def result(self) -> Path:
        """Where a workload leaves its figures."""
        return self.work / "result.json"

    def figures(self) -> dict[str, float]:
        return json.loads(self.result().read_text())

    @property
    def offline(self) -> dict[str, str]:
        """What the official client is told."""
        return self.env | {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": str(self.work)}

    @staticmethod
    def pick(samples: Iterable[Sample], name: str, scale: float = 1.0) -> list[float]:
        """One of the figures that a workload or the recording gave."""
        return [sample.figures[name] * scale for sample in samples]
