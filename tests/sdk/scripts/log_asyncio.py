"""Three coroutines take turns in logging."""
import asyncio

import wandb


async def worker(run, name, turns):
    for i in range(5):
        async with turns:
            run.log({f"{name}/i": i})
        await asyncio.sleep(0)


async def main():
    with wandb.init(project="demo") as run:
        turns = asyncio.Lock()
        await asyncio.gather(*(worker(run, name, turns) for name in "abc"))
        print("step", run.step, [run.summary[f"{n}/i"] for n in "abc"])


asyncio.run(main())
