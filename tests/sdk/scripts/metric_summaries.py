"""min, max, mean, first, last, none and combinations."""
import wandb


def show(value):
    """A plain dictionary in the order of its keys."""
    return {k: show(value[k]) for k in sorted(value.keys())} if hasattr(value, "keys") else value


run = wandb.init(project="demo")
for how in ("min", "max", "mean", "first", "last", "none"):
    run.define_metric(f"m_{how}", summary=how)
run.define_metric("m_all", summary="min,max,mean,first,last")
run.define_metric("m_none_max", summary="none,max")
for value in (3, 1.5, 7, 4):
    run.log({f"m_{how}": value for how in ("min", "max", "mean", "first", "last", "none", "all", "none_max")})
for key in sorted(k for k in run.summary.keys() if k.startswith("m_")):
    print(key, show(run.summary[key]))
run.finish()
