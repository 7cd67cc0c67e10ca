"""run.step between all kinds of calls."""
import wandb

run = wandb.init(project="demo")
seen = [run.step]
run.log({"x": 1})
seen.append(run.step)
run.log({"x": 2}, commit=False)
seen.append(run.step)
run.log({"x": 3}, step=20)
seen.append(run.step)
run.log({}, commit=True)
seen.append(run.step)
print(seen, run.starting_step)
run.finish()
