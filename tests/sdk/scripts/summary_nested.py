"""Nested values: set as a whole, then changed below."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.summary["d"] = {"e": 1, "g": {"h": 2}}
print("as set", show(run.summary["d"]))
run.summary["d"]["f"] = 2
print("after d.f", show(run.summary["d"]))
run.summary["d"]["g"] = 3
run.summary["x.y"] = {"dot": 1}
run.log({"tree": {"a": 1, "b": 2}})
run.summary["tree"]["a"] = 10
print("tree", show(run.summary["tree"]), "dotted", show(run.summary["x.y"]))
run.finish()
