"""resume_from (rewind) offline: the branch point names the run itself."""
# differs: ^(stdout|runs\[0\]\.console): -- the step is known before the first row
import wandb

run = wandb.init(project="demo", resume_from="the-rewound-run?_step=7")
print("id", run.id, "step", run.step)
run.log({"loss": 0.5})
run.finish()
