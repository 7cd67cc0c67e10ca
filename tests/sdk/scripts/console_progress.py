"""A progress bar with carriage returns."""
# differs: ^runs\[0\]\.console: -- a rewritten line is kept in its last state
import sys

import wandb

run = wandb.init(project="demo")
for i in range(0, 101, 10):
    sys.stdout.write(f"\r{i:3d}% |{'#' * (i // 10):10}|")
    sys.stdout.flush()
    run.log({"percent": i})
sys.stdout.write("\nlong line\rshort\n")
print("done")
run.finish()
