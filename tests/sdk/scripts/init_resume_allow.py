"""resume="allow" offline: the record asks to resume, nothing is reconciled."""
import wandb

run = wandb.init(project="demo", id="resume-me-please", resume="allow")
print("resumed", run.resumed, "step", run.step)
run.log({"loss": 0.5})
run.finish()
