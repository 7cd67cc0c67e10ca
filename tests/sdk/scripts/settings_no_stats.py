"""Settings(x_disable_stats=True): no system metrics."""
import wandb

run = wandb.init(project="demo", settings=wandb.Settings(x_disable_stats=True))
run.log({"loss": 0.5})
print("no stats")
run.finish()
