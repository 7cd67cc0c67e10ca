"""Settings(symlink=False): saved files are copied, no latest-run link."""
import os

import wandb

with open("note.txt", "w") as f:
    f.write("a note\n")
run = wandb.init(project="demo", settings=wandb.Settings(symlink=False))
run.save("note.txt", policy="now")
print("link", os.path.islink("wandb/latest-run"), "copy", not os.path.islink(run.dir + "/note.txt"))
run.finish()
