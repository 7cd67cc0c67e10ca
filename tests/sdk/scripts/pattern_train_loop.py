"""The loop of most tutorials: config, watchable metrics, best value in the summary."""
import random

import wandb

random.seed(1)
run = wandb.init(project="demo", config={"lr": 0.02, "architecture": "CNN", "epochs": 10})
best = 0.0
for epoch in range(2, run.config.epochs):
    acc = 1 - 2**-epoch - random.random() / epoch
    loss = 2**-epoch + random.random() / epoch
    run.log({"acc": acc, "loss": loss})
    if acc > best:
        best = acc
        run.summary["best_acc"] = acc
    print(f"epoch={epoch}, accuracy={acc:.6f}, loss={loss:.6f}")
print(f"best {run.summary['best_acc']:.6f}")
run.finish()
