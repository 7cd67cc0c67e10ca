"""Plain rows."""
import wandb

run = wandb.init(project="demo")
for i in range(10):
    run.log({"loss": 1 / (i + 1), "i": i})
print("step", run.step, "loss", run.summary["loss"])
run.finish()
