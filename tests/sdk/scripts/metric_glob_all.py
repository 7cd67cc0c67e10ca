"""define_metric("*") matches every key, but not those which begin with an underscore."""
import wandb

run = wandb.init(project="demo")
run.define_metric("global_step")
run.define_metric("*", step_metric="global_step", step_sync=True)
run.log({"loss": 3, "global_step": 10})
run.log({"loss": 2, "nested": {"x": 1}})
run.log({"_hidden": 1})
print("loss", run.summary["loss"], "global_step", run.summary["global_step"])
run.finish()
