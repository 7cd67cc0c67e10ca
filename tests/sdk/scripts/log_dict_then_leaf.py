"""A dictionary replaced by a leaf and a leaf by a dictionary, in one row and in later ones."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
run.log({"x": {"a": 1, "b": 2}})
run.log({"x": 5})
run.log({"x": {"a": 3}})
print("x", show(run.summary["x"]))
run.log({"y": {"a": 1}}, commit=False)
run.log({"y": 2}, commit=False)
run.log({"z": 3}, commit=False)
run.log({"z": {"b": 4}})
print("y", show(run.summary["y"]), "z", show(run.summary["z"]))
run.finish()
