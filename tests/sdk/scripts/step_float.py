"""Steps which are no plain int: float, string of digits, huge."""
import wandb

run = wandb.init(project="demo")
for step in (1, 2.0, 2.7, "7", 2**40, 2**63):
    try:
        run.log({"value": repr(step)}, step=step)
        print(repr(step), "->", run.step)
    except Exception as error:
        print(repr(step), type(error).__name__)
run.finish()
