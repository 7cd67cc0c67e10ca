"""Settings(console="wrap_emu"): the SDK emulates the terminal itself."""
# differs: ^runs\[0\]\.kinds: -- the wrapper has heard the same text
import sys

import wandb

run = wandb.init(project="demo", settings=wandb.Settings(console="wrap_emu"))
for i in range(0, 101, 50):
    sys.stdout.write(f"\rprogress {i:3d}%")
print("\ndone")
run.log({"loss": 0.5})
run.finish()
