"""wandb.log, wandb.summary, wandb.define_metric, wandb.run and wandb.finish."""
import wandb

wandb.init(project="demo")
wandb.define_metric("loss", summary="min")
wandb.log({"loss": 2})
wandb.log({"loss": 1})
wandb.log({"loss": 3})
wandb.summary["best"] = 1
print(wandb.run.step, dict(wandb.summary["loss"]), wandb.summary["best"])
wandb.finish()
