"""config, name, tags, notes, group, job_type and project all given to init()."""
import json

import wandb

run = wandb.init(
    project="demo-project",
    entity="demo-entity",
    name="first try",
    notes="several\nlines of notes",
    tags=["baseline", "v1", "ünïcode"],
    group="group-a",
    job_type="train",
    config={"lr": 0.01, "layers": [64, 32], "opt": {"name": "adam", "betas": (0.9, 0.999)}},
)
print(run.project, run.entity, run.name, run.group, run.job_type)
print(run.tags, repr(run.notes))
print(json.dumps(dict(run.config), sort_keys=True))
run.log({"loss": 0.5})
run.finish()
