"""A hidden metric is logged like any other."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.define_metric("secret", hidden=True)
run.define_metric("secret_max", hidden=True, summary="max")
run.log({"secret": 1, "secret_max": 5})
run.log({"secret": 2, "secret_max": 3})
print("secret", run.summary["secret"], "max", show(run.summary["secret_max"]))
run.finish()
