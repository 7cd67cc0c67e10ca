"""wandb.setup() without a run: a connection which carries nothing."""
# differs: ^runs: -- the wrapper records any script
import wandb

wandb.setup()
print("set up, run is", wandb.run)
