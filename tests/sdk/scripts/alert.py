"""Alerts with all levels and wait durations."""
import datetime

import wandb

run = wandb.init(project="demo")
run.alert("plain", "default level")
run.alert(title="warning", text="ünïcode\ntwo lines", level=wandb.AlertLevel.WARN, wait_duration=3)
run.alert("error", "as text", level="ERROR", wait_duration=datetime.timedelta(minutes=2))
try:
    run.alert("bad", "level", level="FATAL")
except ValueError as error:
    print("ValueError", error)
wandb.alert("module", "wandb.alert")
run.finish()
