"""An argparse Namespace as config."""
import argparse

import wandb

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--name", default=None)
args = parser.parse_args([])
run = wandb.init(project="demo", config=args)
run.config.update(args, allow_val_change=True)
print(sorted(run.config.items()))
run.finish()
