"""Callbacks as Keras has them: batch and epoch metrics with their own step metrics."""
import wandb


class MetricsLogger:
    def __init__(self):
        self.batch = 0
        wandb.define_metric("batch/batch_step")
        wandb.define_metric("batch/*", step_metric="batch/batch_step")
        wandb.define_metric("epoch/epoch")
        wandb.define_metric("epoch/*", step_metric="epoch/epoch")

    def on_batch_end(self, logs):
        wandb.log({f"batch/{k}": v for k, v in logs.items()} | {"batch/batch_step": self.batch})
        self.batch += 1

    def on_epoch_end(self, epoch, logs):
        wandb.log({f"epoch/{k}": v for k, v in logs.items()} | {"epoch/epoch": epoch})


wandb.init(project="keras", config={"optimizer": "adam", "epochs": 2})
callback = MetricsLogger()
for epoch in range(2):
    for batch in range(4):
        callback.on_batch_end({"loss": 8 - 4 * epoch - batch, "accuracy": batch / 4})
    callback.on_epoch_end(epoch, {"loss": 4 - epoch, "val_loss": 5 - epoch})
print(wandb.summary["epoch/val_loss"], wandb.summary["batch/batch_step"])
wandb.finish()
