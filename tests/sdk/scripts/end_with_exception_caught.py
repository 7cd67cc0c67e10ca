"""An exception leaves the with-block and is caught outside: the run fails, the process does not."""
import wandb

try:
    with wandb.init(project="demo") as run:
        run.log({"loss": 0.5})
        raise ValueError("boom")
except ValueError as error:
    print("caught", error)
print("going on")
