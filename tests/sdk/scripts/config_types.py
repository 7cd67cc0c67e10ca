"""Values of all kinds in the config."""
# differs: ^(stdout|runs\[0\]\.console): -- floats read back as they were logged
import datetime
import json
import pathlib

import wandb

config = {
    "int": 1, "float": 1.0, "tiny": 1e-7, "big": 2**70, "neg": -0.0, "bool": True, "none": None,
    "str": "text", "unicode": "日本語 🚀", "tuple": (1, 2), "set": {1}, "bytes": b"x",
    "nan": float("nan"), "inf": float("inf"), "list": [1, [2, {"a": None}]],
    "path": pathlib.PurePosixPath("a/b"), "date": datetime.date(2020, 1, 2),
    "": "empty key", "with space": 1, "a.b": 2, "a/b": 3,
    "nested": {"int key": {1: "one"}, "deep": {"deeper": {"deepest": [1.5]}}},
}
run = wandb.init(project="demo", config=config)
for key in sorted(run.config.keys()):
    print(repr(key), json.dumps(run.config[key], sort_keys=True, ensure_ascii=False))
run.finish()
