"""run.name changed after init."""
import wandb

run = wandb.init(project="demo", name="before", tags=["kept"], config={"lr": 0.1})
run.log({"loss": 1})
run.name = "after"
print(run.name)
run.name = "after äll"
run.log({"loss": 2})
print(run.name)
run.finish()
