"""wandb.teardown() in the middle ends the open run; a second run follows."""
import wandb

first = wandb.init(project="demo", name="first")
first.log({"loss": 1})
wandb.teardown()
second = wandb.init(project="demo", name="second")
second.log({"loss": 2})
second.finish()
print("both done")
