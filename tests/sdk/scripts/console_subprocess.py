"""Output of a subprocess goes past the SDK."""
# differs: ^runs\[0\]\.console: -- the wrapper hears subprocesses
import subprocess
import sys

import wandb

run = wandb.init(project="demo")
print("python before", flush=True)
subprocess.run([sys.executable, "-c", "print('subprocess out')"], check=True)
subprocess.run([sys.executable, "-c", "import sys; print('subprocess err', file=sys.stderr)"], check=True)
print("python after", flush=True)
run.finish()
