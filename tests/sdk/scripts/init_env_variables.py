"""Name, tags, notes, group and project come from environment variables set inside."""
import os

os.environ["WANDB_PROJECT"] = "env-project"
os.environ["WANDB_NAME"] = "env-name"
os.environ["WANDB_NOTES"] = "env-notes"
os.environ["WANDB_TAGS"] = "one,two"
os.environ["WANDB_RUN_GROUP"] = "env-group"
os.environ["WANDB_JOB_TYPE"] = "env-job"
os.environ["WANDB_RUN_ID"] = "env-given-id"

import wandb  # noqa: E402

run = wandb.init()
print(run.project, run.name, run.notes, run.tags, run.group, run.job_type, run.id)
run.log({"loss": 0.5})
run.finish()
