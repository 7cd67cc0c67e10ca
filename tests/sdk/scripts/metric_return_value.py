"""The object returned by define_metric is a step metric, too."""
import wandb

run = wandb.init(project="demo")
epoch = run.define_metric("epoch", hidden=True)
acc = run.define_metric("acc", step_metric=epoch, summary="max")
print(acc.name, acc.step_metric, acc.step_sync, acc.summary, acc.hidden)
run.log({"epoch": 1, "acc": 0.5})
run.log({"epoch": 2, "acc": 0.25})
run.finish()
