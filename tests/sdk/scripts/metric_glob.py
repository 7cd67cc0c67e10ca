"""define_metric("val/*"): keys below the prefix get the step metric and the summary."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.define_metric("step/val")
run.define_metric("val/*", step_metric="step/val", summary="max")
run.log({"val/acc": 0.5, "val/loss": 2.0, "step/val": 1, "train/loss": 3})
run.log({"val/acc": 0.25, "val/loss": 4.0, "step/val": 2, "val/new": 7})
run.log({"val": {"nested": 1}})
print("acc", show(run.summary["val/acc"]), "loss", show(run.summary["val/loss"]), "train", run.summary["train/loss"])
run.finish()
