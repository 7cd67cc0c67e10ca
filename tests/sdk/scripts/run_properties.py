"""What a run tells about itself."""
import os

import wandb

run = wandb.init(project="demo", id="known-run-id", name="known", entity="someone")
print(run.id, run.name, run.path, run.entity, run.project)
print(run.url, run.project_url, run.sweep_id, run.sweep_url)
print(run.offline, run.disabled, run.resumed, run.starting_step, run.start_time > 1e9)
print(os.path.basename(run.dir), os.path.isdir(run.dir))
run.finish()
