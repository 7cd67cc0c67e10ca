"""Settings(console="off"): no console records."""
import wandb

run = wandb.init(project="demo", settings=wandb.Settings(console="off"))
print("this line is not captured by the SDK")
run.log({"loss": 0.5})
run.finish()
