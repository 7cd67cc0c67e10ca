"""finish(exit_code=3): the run fails although the process ends with 0."""
import wandb

run = wandb.init(project="demo")
run.log({"loss": 0.5})
run.finish(exit_code=3)
print("the process itself is fine")
