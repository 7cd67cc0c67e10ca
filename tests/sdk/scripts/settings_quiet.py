"""Settings(quiet=True) given as a dictionary."""
import wandb

run = wandb.init(project="demo", settings={"quiet": True})
print("quiet run")
run.log({"loss": 0.5})
run.finish()
