"""A search: several runs in a group, the best one is noted in a last run."""
import wandb

results = []
for lr in (0.1, 0.2, 0.4):
    with wandb.init(project="demo", group="search", job_type="trial", config={"lr": lr}) as run:
        for epoch in range(3):
            run.log({"loss": abs(lr - 0.25) + 1 / (epoch + 1), "epoch": epoch})
        results.append((run.summary["loss"], lr))
with wandb.init(project="demo", group="search", job_type="report") as run:
    run.log({"results": wandb.Table(columns=["loss", "lr"], data=[list(r) for r in sorted(results)])})
    run.summary["best_lr"] = min(results)[1]
    print("best lr", run.summary["best_lr"])
