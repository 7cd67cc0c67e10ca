"""A SIGTERM handler logs, finishes with 143 and exits with 143, like a job that is preempted."""
import os
import signal
import sys
import time

import wandb

run = wandb.init(project="demo")


def on_term(signum, frame):
    run.log({"stopped_by": signal.Signals(signum).name})
    run.mark_preempting()
    run.finish(exit_code=128 + signum)
    sys.exit(128 + signum)


signal.signal(signal.SIGTERM, on_term)
run.log({"loss": 0.5})
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(20)
