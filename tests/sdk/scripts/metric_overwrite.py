"""overwrite=True replaces an earlier definition."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.define_metric("loss", step_metric="epoch", summary="min,max", hidden=True)
run.log({"loss": 3, "epoch": 1})
run.define_metric("loss", summary="last", overwrite=True)
run.log({"loss": 5})
run.log({"loss": 4})
print("loss", show(run.summary["loss"]))
run.finish()
