"""fork_from offline: branch point in the record, history goes on behind it."""
# differs: ^(stdout|runs\[0\]\.console): -- the step is known before the first row
import wandb

run = wandb.init(project="demo", id="the-forked-run", fork_from="the-parent-run?_step=20")
print("step", run.step)
run.log({"loss": 0.5})
run.log({"loss": 0.25})
print("step", run.step)
run.finish()
