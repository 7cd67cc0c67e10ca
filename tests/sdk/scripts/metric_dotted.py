"""Dots in metric names: nested keys, and an escaped dot."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.define_metric("opt.lr", summary="max")
run.define_metric(r"flat\.key", summary="min")
run.define_metric("deep.*", summary="mean")
run.log({"opt": {"lr": 0.3, "wd": 1}, "flat.key": 5, "opt.lr": 7, "deep": {"a": 1, "b": {"c": 2}}})
run.log({"opt": {"lr": 0.1}, "flat.key": 6, "opt.lr": 6, "deep": {"a": 3}})
for key in ("opt", "flat.key", "opt.lr", "deep"):
    print(key, show(run.summary[key]))
run.finish()
