"""An id given by the script."""
import wandb

run = wandb.init(project="demo", id="my-own-id_1.0")
print("id", run.id, "resumed", run.resumed)
run.log({"loss": 0.5})
run.finish()
