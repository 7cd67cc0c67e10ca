"""log(step=...) with gaps."""
import wandb

run = wandb.init(project="demo")
for step in (0, 1, 5, 10, 100):
    run.log({"loss": step / 2}, step=step)
    print("step", run.step)
run.finish()
