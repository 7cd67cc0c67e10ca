"""stderr and stdout in turn."""
import sys
import warnings

import wandb

run = wandb.init(project="demo")
print("out 1", flush=True)
print("err 1", file=sys.stderr)
print("out 2", flush=True)
sys.stderr.write("err without newline")
print("out 3", flush=True)
warnings.showwarning = lambda message, *args: print("warning:", message, file=sys.stderr)
warnings.warn("a python warning")
wandb.termwarn("a wandb warning")
run.finish()
