"""summary.update with several keys, nested ones and odd values."""
# differs: ^(stdout|runs\[0\]\.console): -- floats read back as they were logged
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.summary.update({"a": 1, "b": {"c": 2}, "s": "text", "l": [1, 2], "t": True})
run.summary.update({"a": 2, "b": {"d": 3}, "none": None, "nan": float("nan"), "big": 2**70})
run.summary.update({})
for key in ("a", "b", "s", "l", "t", "none", "nan", "big"):
    print(key, show(run.summary.get(key)))
run.finish()
