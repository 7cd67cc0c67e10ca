"""A value set by hand on a metric with a summary: the flags are reset."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.define_metric("acc", summary="max")
run.log({"acc": 0.9})
run.log({"acc": 0.1})
print("max", show(run.summary["acc"]))
run.summary["acc"] = 0.5
print("by hand", show(run.summary["acc"]))
run.log({"acc": 0.2})
print("after a row", show(run.summary["acc"]))
run.define_metric("acc", summary="max")
run.log({"acc": 0.3})
print("defined again", show(run.summary["acc"]))
run.finish()
