"""Eight ranks, only rank 0 has a run and logs what all of them computed."""
import multiprocessing

import wandb


def rank_main(rank, queue):
    for step in range(3):
        queue.put((step, rank, rank + step / 10))


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    ranks = [context.Process(target=rank_main, args=(rank, queue)) for rank in range(1, 8)]
    for process in ranks:
        process.start()
    values = {}
    for _ in range(7 * 3):
        step, rank, value = queue.get()
        values[step, rank] = value
    for process in ranks:
        process.join()
    run = wandb.init(project="demo", name="rank 0", config={"world_size": 8})
    for step in range(3):
        run.log({f"rank{rank}/loss": values[step, rank] for rank in range(1, 8)} | {"rank0/loss": step / 10})
    print("rank7", run.summary["rank7/loss"])
    run.finish()
