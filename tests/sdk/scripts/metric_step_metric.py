"""define_metric with a step metric of its own."""
import wandb

run = wandb.init(project="demo")
run.define_metric("epoch")
run.define_metric("val_acc", step_metric="epoch")
for i in range(6):
    run.log({"loss": 6 - i})
    if i % 2:
        run.log({"val_acc": i / 10, "epoch": i // 2})
print("val_acc", run.summary["val_acc"], "epoch", run.summary["epoch"])
run.finish()
