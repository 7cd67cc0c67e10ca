"""resume="must" offline without an earlier run."""
import wandb

run = wandb.init(project="demo", id="resume-me-please", resume="must")
print("resumed", run.resumed, "step", run.step)
run.log({"loss": 0.5})
run.finish()
