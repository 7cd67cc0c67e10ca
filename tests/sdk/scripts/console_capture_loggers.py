"""Settings(capture_loggers=...): log messages of a logger go to the run."""
# since: 0.27
import logging

import wandb

run = wandb.init(project="demo", settings=wandb.Settings(capture_loggers={"demo": "INFO"}))
log = logging.getLogger("demo.train")
log.setLevel(logging.DEBUG)
log.propagate = True
log.info("captured")
log.debug("too low")
logging.getLogger("other").info("another logger")
print("printed")
run.finish()
