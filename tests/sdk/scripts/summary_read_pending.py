"""A row which is not yet committed is not yet in the summary."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1})
run.log({"loss": 2}, commit=False)
print("pending", run.summary["loss"])
run.log({"other": 1})
print("committed", run.summary["loss"])
run.finish()
