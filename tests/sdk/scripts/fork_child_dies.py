"""A forked child which uses the run of its parent is killed; the parent goes on."""
import multiprocessing
import os
import signal

import wandb


def child(run):
    run.log({"child": 1})
    assert run.summary["child"] == 1  # read back: the service has it
    os.kill(os.getpid(), signal.SIGKILL)


run = wandb.init(project="demo")
run.log({"parent": 1})
process = multiprocessing.get_context("fork").Process(target=child, args=(run,))
process.start()
process.join()
print("exit code", process.exitcode)
run.log({"parent": 2})
run.finish()
