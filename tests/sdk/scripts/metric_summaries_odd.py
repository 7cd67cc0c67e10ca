"""Summaries of values which are no plain numbers: NaN, strings, None, bool, inf."""
# differs: ^(stdout|runs\[0\]\.(console|summary)) -- text and booleans have no minimum
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
for key in ("nan", "str", "none", "bool", "inf", "mixed"):
    run.define_metric(key, summary="min,max,mean,first,last")
run.log({"nan": 1.0, "str": "a", "none": None, "bool": True, "inf": 1.0, "mixed": 1})
run.log({"nan": float("nan"), "str": "b", "none": None, "bool": False, "inf": float("inf"), "mixed": "x"})
run.log({"nan": 3.0, "str": "a", "none": 5, "bool": True, "inf": 2.0, "mixed": 5})
for key in ("nan", "str", "none", "bool", "inf", "mixed"):
    print(key, show(run.summary.get(key)))
run.finish()
