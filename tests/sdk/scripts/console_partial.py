"""Lines which arrive in pieces, and a last line without newline."""
import sys

import wandb

run = wandb.init(project="demo")
for piece in ("one ", "line ", "in pieces\n", "a", "", "b"):
    sys.stdout.write(piece)
    sys.stdout.flush()
run.log({"loss": 1})
print("c")
sys.stdout.write("no newline at the end")
sys.stdout.flush()
run.finish()
