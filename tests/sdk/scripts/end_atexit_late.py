"""A hook registered before `import wandb` runs after wandb's own exit hook; log() may fail there."""
# differs: ^(stdout|runs\[0\]\.(history|summary)) -- the service is still there
import atexit


def late():
    try:
        run.log({"from_late_atexit": True})
    except Exception as error:
        print("late log failed:", type(error).__name__)


atexit.register(late)

import wandb  # noqa: E402

run = wandb.init(project="demo")
run.log({"loss": 0.5})
print("end of script")
