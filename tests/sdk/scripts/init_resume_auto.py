"""resume="auto": the first run fails, so the second one takes its id again."""
import time

import wandb

first = wandb.init(project="demo", id="auto-resumed-id", resume="auto")
first.log({"loss": 1})
first.finish(exit_code=1)
time.sleep(1.1)  # the second of the start is part of the directory's name
second = wandb.init(project="demo", resume="auto")
print("same id", second.id == first.id, "step", second.step)
second.log({"loss": 2})
second.finish()
