"""A spawned child gets the run of its parent as an argument."""
import multiprocessing

import wandb


def child(run):
    run.log({"child": 1})
    run.summary["from_child"] = True
    assert run.summary["from_child"] is True  # read back: the service has it


if __name__ == "__main__":
    run = wandb.init(project="demo")
    run.log({"parent": 1})
    process = multiprocessing.get_context("spawn").Process(target=child, args=(run,))
    process.start()
    process.join()
    print("exit code", process.exitcode)
    run.log({"parent": 2})
    print("child", run.summary["child"], "from_child", run.summary["from_child"])
    run.finish()
