"""_timestamp given by the user wins."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1, "_timestamp": 1000.5})
run.log({"loss": 2, "_timestamp": 2000})
run.log({"loss": 3}, commit=False)
run.log({"_timestamp": 3000.25})
print("timestamp", run.summary["_timestamp"])
run.finish()
