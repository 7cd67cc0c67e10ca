"""A definition after the first rows."""
# differs: ^runs\[0\]\.(history|summary) -- the step metric has its last value
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.log({"loss": 9, "epoch": 3})
run.log({"loss": 1})
run.define_metric("loss", step_metric="epoch", summary="min,max,mean,first")
print("before the next row", show(run.summary["loss"]))
run.log({"loss": 5})
print("after it", show(run.summary["loss"]))
run.finish()
