"""Makes the golden logs beside this file, and what the official tool says that is in them.

Needs the official client: pip install wandb==0.31.0. Nothing of the machine gets into a log: host and working
directory are made up, and the records about hardware, packages and git are switched off.
"""

import json
import math
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NEUTRAL = pathlib.Path("/tmp/golden")


def simple(wandb, init):
    with init() as run:
        run.log({"loss": 0.5})


def values(wandb, init):
    with init(x_history_value_encoding="json,typed") as run:
        run.log(
            {
                "nan": math.nan, "pinf": math.inf, "ninf": -math.inf, "none": None, "t": True, "f": False,
                "i": 7, "neg": -3, "big": 2**60, "huge": 2**70, "f1": 1.0, "neg0": -0.0, "e6": 1e6, "tiny": 1e-300,
                "third": 1 / 3, "text": 'héllo "q" \\ \n\t\u2028 🎉', "empty": "", "list": [1, 2.5, "x", None, {"q": [1]}],
                "empty_list": [], "empty_dict": {},
            }
        )
        run.log({"d.ot": 2, "d": {"x.y": 1, "z": {"w": 2}}, "a/b": 1, "sp ace": 3, "キー": 4, "_under": 5})
        run.log({"d": 1})
        run.log({"x": 1, "_timestamp": 123.5})


def rich(wandb, init):
    config = {"lr": 0.01, "inf": math.inf, "nested": {"a": 1, "b": {"c": [1, 2], "d": None}}, "dotted.key": 5}
    with init(config=config) as run:
        run.config.late = "added"
        run.config.update({"nested2": {"q": 1}})
        run.define_metric("epoch")
        run.define_metric("val/*", step_metric="epoch")
        run.define_metric("val/acc", summary="max", step_metric="epoch")
        run.define_metric("loss", summary="min,max,mean,last")
        run.define_metric("hid", hidden=True)
        run.define_metric("nosum", summary="none")
        print("hello stdout")
        print("hello stderr", file=sys.stderr)
        print("50%\r100% \x1b[32mdone\x1b[0m")
        for i in range(3):
            run.log({"loss": [3, 1, 4][i], "hid": 1, "nosum": 5, "opt": {"m": {"x": i / 2}}})
        run.log({"val/acc": 0.5, "epoch": 1})
        run.log({"val/acc": 0.4, "val/loss": 0.7})
        run.log({"stepped": 1}, step=20)
        run.summary["best"] = 0.99
        run.summary["gone"] = 1
        del run.summary["gone"]
        run.summary["tree"] = {"leaf": {"deep": 1}}
        run.alert("title", "text", level="WARN", wait_duration=10)
        run.write_logs("custom log line")
        run.name = "renamed"
        run.tags = ("t1", "tag two")
        run.notes = "two\nlines"
        run.mark_preempting()
        print("no newline at the end", end="")
        run.finish(exit_code=3)


def long(wandb, init):
    with init() as run:
        for i in range(10):
            run.log({"i": i, "text": "abcdefgh" * 250})
        run.log({"i": 10})


CASES = [simple, values, rich, long]


def make(case):
    """Runs one case in a process of its own."""
    import wandb

    def init(config=None, **settings):
        return wandb.init(
            project="golden", id=case + "01", config=config,
            settings=wandb.Settings(mode="offline", silent=True, x_disable_stats=True, x_disable_machine_info=True,
                                    x_save_requirements=False, disable_git=True, disable_code=True, **settings),
        )

    globals()[case](wandb, init)


def main():
    bin = pathlib.Path(sys.executable).parent
    for case in CASES:
        name = case.__name__
        shutil.rmtree(NEUTRAL, ignore_errors=True)
        for directory in ("home", "work"):
            (NEUTRAL / directory).mkdir(parents=True)
        env = {"PATH": os.environ["PATH"], "HOME": str(NEUTRAL / "home"), "LANG": "C.UTF-8", "WANDB_HOST": "host1",
               "WANDB_PROGRAM": "train.py", "WANDB_ERROR_REPORTING": "false"}
        subprocess.run([sys.executable, HERE / "make.py", name], cwd=NEUTRAL / "work", env=env, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (log,) = (NEUTRAL / "work").glob("wandb/offline-run-*/*.wandb")
        shutil.copyfile(log, HERE / f"{name}.wandb")
    rich = (HERE / "rich.wandb").read_bytes()
    (HERE / "truncated.wandb").write_bytes(rich[: len(rich) - 30])
    long = bytearray((HERE / "long.wandb").read_bytes())
    long[12_000] ^= 0x10
    (HERE / "flipped.wandb").write_bytes(long)
    # The official client writes whole blocks: one that is killed leaves a record without its end.
    (HERE / "killed.wandb").write_bytes((HERE / "long.wandb").read_bytes()[:32768])
    for log in sorted(HERE.glob("*.wandb")):
        told = subprocess.run([bin / "wandb", "leet", "inspect", "--json", log], env=env, check=True,
                              capture_output=True, text=True)
        for secret in (str(bin.parent), f'"{os.uname().nodename}"', os.uname().release, str(NEUTRAL)):
            assert secret not in told.stdout, f"{log.name} names {secret}"
        log.with_suffix(".jsonl").write_text(told.stdout)
        log.with_suffix(".notes").unlink(missing_ok=True)
        if told.stderr:
            log.with_suffix(".notes").write_text(told.stderr)
        print(log.name, log.stat().st_size, "bytes,", told.stdout.count("\n"), "records", json.dumps(told.stderr))
    shutil.rmtree(NEUTRAL)


if __name__ == "__main__":
    make(sys.argv[1]) if sys.argv[1:] else main()
