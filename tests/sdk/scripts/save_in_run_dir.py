"""Files written straight into run.dir, saved and not saved."""
import os

import wandb

run = wandb.init(project="demo")
for name in ("saved.txt", "ignored.txt"):
    with open(os.path.join(run.dir, name), "w") as f:
        f.write(name)
run.save(os.path.join(run.dir, "saved.txt"), base_path=run.dir, policy="end")
print(sorted(n for n in os.listdir(run.dir) if n.endswith(".txt") and n != "requirements.txt"))
run.finish()
