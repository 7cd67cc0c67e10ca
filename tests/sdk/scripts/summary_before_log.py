"""A summary without any history."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.summary["only"] = 1
run.summary["deep"] = {"a": {"b": [1, 2, 3]}}
print(run.summary["only"], show(run.summary["deep"]))
run.finish()
