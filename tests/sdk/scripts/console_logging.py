"""The logging module on stderr."""
import logging
import sys

import wandb

run = wandb.init(project="demo")
logging.basicConfig(stream=sys.stderr, format="%(levelname)s:%(name)s:%(message)s", level=logging.INFO)
log = logging.getLogger("demo.train")
log.info("epoch %d", 1)
log.warning("careful")
log.debug("not shown")
try:
    1 / 0
except ZeroDivisionError:
    log.error("division: %s", sys.exc_info()[0].__name__)
run.finish()
