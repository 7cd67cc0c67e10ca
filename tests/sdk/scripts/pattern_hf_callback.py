"""A callback as the Hugging Face trainer has it: rewritten keys, train/global_step, model artifact."""
import wandb


class Callback:
    def on_train_begin(self, args):
        self.run = wandb.run or wandb.init(project="huggingface", name=args["run_name"])
        self.run.config.update(args, allow_val_change=True)
        self.run.define_metric("train/global_step")
        self.run.define_metric("*", step_metric="train/global_step", step_sync=True)
        self.run.config["model/num_parameters"] = 1234

    def on_log(self, step, logs):
        single = {"train_runtime", "train_loss", "total_flos"}
        for key in single & logs.keys():
            self.run.summary[key] = logs[key]
        rest = {k: v for k, v in logs.items() if k not in single}
        logs = {("eval/" + k[5:] if k.startswith("eval_") else "train/" + k): v for k, v in rest.items()}
        self.run.log({**logs, "train/global_step": step})


callback = Callback()
callback.on_train_begin({"run_name": "bert", "learning_rate": 5e-05, "num_train_epochs": 3.0, "fp16": False})
for step in (10, 20, 30):
    callback.on_log(step, {"loss": 3 / step, "learning_rate": 5e-05 / step, "epoch": step / 10})
    if step == 20:
        callback.on_log(step, {"eval_loss": 0.5, "eval_accuracy": 0.8, "epoch": 2.0})
callback.on_log(30, {"train_runtime": 12.5, "train_loss": 0.2, "total_flos": 10**17, "epoch": 3.0})
print(wandb.run.summary["train_loss"], wandb.run.summary["eval/loss"])
wandb.finish()
