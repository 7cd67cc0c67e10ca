"""A directory .wandb which is already there is taken instead of wandb."""
import os

import wandb

os.mkdir(".wandb")
run = wandb.init(project="demo")
run.log({"loss": 0.5})
print(os.path.relpath(run.dir).split(os.sep)[0], os.path.exists("wandb"))
run.finish()
