"""Deleting leaves, subtrees and keys which do not exist."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1, "tree": {"a": 1, "b": {"c": 2}}})
run.summary["gone"] = 1
run.summary["kept"] = 2
del run.summary["gone"]
del run.summary["tree"]["b"]
del run.summary["never_there"]
print(sorted(k for k in run.summary.keys() if not k.startswith("_")), sorted(run.summary["tree"].keys()))
del run.summary["loss"]
print("loss", run.summary.get("loss"))
run.log({"other": 1})
print("loss", run.summary.get("loss"))
run.log({"loss": 5})
print("loss", run.summary.get("loss"))
run.finish()
