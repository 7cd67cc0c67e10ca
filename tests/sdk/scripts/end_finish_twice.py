"""finish() called twice and wandb.finish() after it: one exit record."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 0.5})
run.finish()
run.finish(exit_code=4)
wandb.finish()
print("still alive")
