"""Eight ranks run the same code at once; all but rank 0 have mode="disabled"."""
import multiprocessing

import wandb


def rank_main(rank):
    run = wandb.init(project="demo", name="rank 0", mode=None if rank == 0 else "disabled")
    for step in range(3):
        run.log({"loss": rank + step})
    run.finish()


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    ranks = [context.Process(target=rank_main, args=(rank,)) for rank in range(8)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join()
    print([process.exitcode for process in ranks])
