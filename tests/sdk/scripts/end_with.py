"""The with-block finishes the run."""
import wandb

with wandb.init(project="demo") as run:
    run.log({"loss": 0.5})
    run.log({"loss": 0.25})
    print("inside", run.summary["loss"])
print("outside", wandb.run)
