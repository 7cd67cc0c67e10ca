"""Nested dictionaries, and how rows merge them."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.log({"train": {"loss": 1, "acc": {"top1": 0.5, "top5": 0.9}}, "lr": 0.1})
run.log({"train": {"loss": 0.5}}, commit=False)
run.log({"train": {"acc": {"top1": 0.75}}})
print("train", show(run.summary["train"]))
run.log({"a": {"b": {"c": {"d": {"e": 5}}}}})
print("deep", run.summary["a"]["b"]["c"]["d"]["e"])
run.finish()
