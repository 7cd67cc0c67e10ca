"""A spawned child has a run of its own; the parent only called wandb.setup()."""
import multiprocessing

import wandb


def child(number):
    with wandb.init(project="demo", name=f"child {number}", group="children") as run:
        run.log({"number": number})


if __name__ == "__main__":
    wandb.setup()
    for number in range(2):
        process = multiprocessing.get_context("spawn").Process(target=child, args=(number,))
        process.start()
        process.join()
        print("exit code", process.exitcode)
