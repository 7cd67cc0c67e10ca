"""sys.exit(6) inside a with-block."""
# differs: ^runs\[0\]\.exit_code: -- the exit code is that of the process
import sys

import wandb

with wandb.init(project="demo") as run:
    run.log({"loss": 0.5})
    print("loss", run.summary["loss"])
    sys.exit(6)
