"""A generator which logs, closed before its end."""
import wandb


def train(run):
    try:
        for i in range(100):
            run.log({"i": i})
            yield i
    finally:
        run.log({"closed": True})


run = wandb.init(project="demo")
steps = train(run)
for i in steps:
    if i == 3:
        steps.close()
        break
print("step", run.step)
run.finish()
