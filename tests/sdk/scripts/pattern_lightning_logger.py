"""A logger class as PyTorch Lightning has it: global step as step metric, log_metrics, finalize."""
import wandb


class Logger:
    def __init__(self, **kwargs):
        self.kwargs, self._run = kwargs, None

    @property
    def experiment(self):
        if self._run is None:
            self._run = wandb.init(**self.kwargs)
            self._run.define_metric("trainer/global_step")
            self._run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
        return self._run

    def log_hyperparams(self, params):
        self.experiment.config.update(params, allow_val_change=True)

    def log_metrics(self, metrics, step=None):
        if step is not None:
            metrics = dict(metrics, **{"trainer/global_step": step})
        self.experiment.log(metrics)


logger = Logger(project="lightning", name="fit", resume="allow", id="lightning-run-id")
logger.log_hyperparams({"lr": 0.02, "optimizer": {"name": "sgd"}})
for step in range(0, 100, 25):
    logger.log_metrics({"train/loss": 100 - step, "epoch": step // 50}, step)
    if step % 50 == 25:
        logger.log_metrics({"val/acc": step / 100}, step)
logger.log_metrics({"test/acc": 0.75})
print(logger.experiment.step, logger.experiment.summary["trainer/global_step"])
wandb.finish()
