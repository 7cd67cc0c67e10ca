"""Settings(silent=True)."""
import wandb

run = wandb.init(project="demo", settings=wandb.Settings(silent=True))
print("nothing of wandb should be around this line")
run.log({"loss": 0.5})
run.finish()
