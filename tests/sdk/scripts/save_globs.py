"""save() with globs, base_path and names which do not exist."""
import os

import wandb

os.makedirs("out/sub", exist_ok=True)
for name in ("out/a.txt", "out/b.txt", "out/sub/c.txt"):
    with open(name, "w") as f:
        f.write(name)
run = wandb.init(project="demo")
first = run.save("out/*.txt", policy="now")
second = run.save("out/sub/*", base_path="out", policy="end")
third = run.save("missing-*.txt")
print(len(first), len(second), len(third))
run.finish()
