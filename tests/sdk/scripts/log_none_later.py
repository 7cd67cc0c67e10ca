"""None after a value: the service forgets the value, its log does not."""
# differs: ^(stdout|runs\[0\]\.console): -- what is read back is what the log says
import wandb

run = wandb.init(project="demo")
run.log({"a": 1, "tree": {"x": 1, "y": 2}, "kept": 1})
run.log({"a": None, "tree": None})
print("a", run.summary.get("a"), "tree", run.summary.get("tree"), "kept", run.summary["kept"])
run.summary["by_hand"] = 1
run.summary["by_hand"] = None
run.summary["never"] = None
print(sorted(key for key in run.summary.keys() if not key.startswith("_")))
run.finish()
