"""An exception leaves the with-block: exit code 1, and the script dies of it."""
import wandb

with wandb.init(project="demo") as run:
    run.log({"loss": 0.5})
    print("before the exception")
    raise ValueError("boom")
