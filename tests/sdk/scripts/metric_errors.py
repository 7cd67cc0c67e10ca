"""Definitions which the SDK refuses."""
import wandb

run = wandb.init(project="demo")
for kwargs in (
    {"name": ""}, {"name": "a*b"}, {"name": "x", "summary": "median"}, {"name": "x", "hidden": "yes"},
    {"name": 5}, {"name": "x", "step_metric": 3},
):
    try:
        run.define_metric(**kwargs)
        print(kwargs, "accepted")
    except Exception as error:
        print(kwargs, type(error).__name__)
run.log({"x": 1})
run.finish()
