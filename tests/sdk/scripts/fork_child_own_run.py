"""A forked child has a run of its own while that of the parent is open."""
import multiprocessing

import wandb


def child():
    with wandb.init(project="demo", name="child", reinit="create_new") as run:
        run.log({"child": 1})
        run.log({"child": 2})


run = wandb.init(project="demo", name="parent")
run.log({"parent": 1})
process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join()
print("exit code", process.exitcode)
run.log({"parent": 2})
run.finish()
