"""One id used by two runs after each other with resume="allow": two directories, both from step 0."""
import time

import wandb

for part in ("first", "second"):
    with wandb.init(project="demo", id="resumed-twice", resume="allow", config={part: 1}) as run:
        print(part, "starts at step", run.step)
        run.log({"loss": 0.5, "part": part})
        run.log({"loss": 0.25, "part": part})
    time.sleep(1.1)  # the second of the start is part of the directory's name
