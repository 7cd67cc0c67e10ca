"""dir="elsewhere": the run directory is below it."""
import os

import wandb

os.mkdir("elsewhere")
run = wandb.init(project="demo", dir="elsewhere")
run.log({"loss": 0.5})
print(os.path.relpath(run.dir).split(os.sep)[:2], os.path.exists("wandb"))
run.finish()
