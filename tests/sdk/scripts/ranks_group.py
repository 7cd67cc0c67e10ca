"""Eight ranks at once, each with a run of its own in one group; they begin in order."""
import multiprocessing

import wandb


def rank_main(rank, begin):
    begin[rank].wait()
    run = wandb.init(project="demo", group="ddp", job_type="worker", name=f"rank-{rank}")
    if rank + 1 < len(begin):
        begin[rank + 1].set()
    run.config["rank"] = rank
    for step in range(10):
        run.log({"loss": rank + step / 10})
    run.finish(exit_code=1 if rank == 7 else 0)


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    begin = [context.Event() for _ in range(8)]
    begin[0].set()
    ranks = [context.Process(target=rank_main, args=(rank, begin)) for rank in range(8)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join()
    print([process.exitcode for process in ranks])
