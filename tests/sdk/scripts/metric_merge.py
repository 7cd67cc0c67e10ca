"""Without overwrite repeated definitions are merged."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.define_metric("loss", summary="min")
run.define_metric("loss", summary="max")
run.define_metric("loss", step_metric="epoch")
run.define_metric("loss", hidden=True)
run.define_metric("acc", summary="none")
run.define_metric("acc", summary="max")
run.log({"loss": 3, "acc": 1, "epoch": 2})
run.log({"loss": 1, "acc": 0.5})
print("loss", show(run.summary["loss"]), "acc", show(run.summary["acc"]))
run.finish()
