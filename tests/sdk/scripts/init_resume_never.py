"""resume="never" with an id."""
import wandb

run = wandb.init(project="demo", id="do-not-resume", resume="never")
print("resumed", run.resumed, "step", run.step)
run.log({"loss": 0.5})
run.finish()
