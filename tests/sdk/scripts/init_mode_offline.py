"""mode="offline" as an argument."""
import wandb

run = wandb.init(project="demo", mode="offline")
run.log({"loss": 0.5})
print("offline", run.offline)
run.finish()
