"""One id used by runs after each other, so fast that the names of their directories would be the same."""
# since: 0.22
import wandb

for part in range(4):
    with wandb.init(project="demo", id="same-second", resume="allow", config={"part": part}) as run:
        run.log({"part": part})
print("four parts")
