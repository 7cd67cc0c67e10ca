"""wandb.log() without a run: an error, and nothing is written."""
# differs: ^runs: -- the wrapper records any script
import wandb

for call in (lambda: wandb.log({"loss": 1}), lambda: wandb.config.update({"a": 1})):
    try:
        call()
    except wandb.errors.Error as error:
        print(type(error).__name__, error)
