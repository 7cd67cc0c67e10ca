"""A run without a single log()."""
import wandb

with wandb.init(project="demo", config={"lr": 0.1}) as run:
    print("step", run.step, "summary", sorted(run.summary.keys()))
