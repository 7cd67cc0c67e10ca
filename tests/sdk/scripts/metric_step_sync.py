"""The step metric is filled in with its last value where a row lacks it, 0 before it was ever logged."""
import wandb

run = wandb.init(project="demo")
run.define_metric("acc", step_metric="epoch")
run.define_metric("free", step_metric="epoch", step_sync=False)
run.log({"acc": 0.1})
run.log({"epoch": 5})
run.log({"acc": 0.2})
run.log({"free": 1})
run.log({"acc": 0.3, "epoch": 6.5})
run.log({"acc": 0.4})
print("epoch", run.summary["epoch"])
run.finish()
