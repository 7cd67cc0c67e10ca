"""mark_preempting."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 1})
run.mark_preempting()
run.log({"loss": 2})
print("marked")
run.finish()
