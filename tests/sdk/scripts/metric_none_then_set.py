"""summary="none", and a value set by hand."""
import wandb

run = wandb.init(project="demo")
run.define_metric("loss", summary="none")
run.log({"loss": 1})
print("nothing", run.summary.get("loss"))
run.summary["loss"] = 42
print("by hand", run.summary.get("loss"))
run.log({"loss": 2})
print("after a row", run.summary.get("loss"))
run.finish()
