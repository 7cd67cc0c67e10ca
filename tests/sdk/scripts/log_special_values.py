"""NaN, infinities, None, bool, strings, also nested and in lists."""
import wandb

nan, inf = float("nan"), float("inf")
run = wandb.init(project="demo")
run.log({"nan": nan, "inf": inf, "ninf": -inf, "none": None, "true": True, "false": False})
run.log({"str": "text", "empty": "", "unicode": "日本語 🚀", "quotes": "\"'\\ \n\t", "looks": "NaN"})
run.log({"nested": {"nan": nan, "none": None, "list": [nan, -inf, None]}})
run.log({"ctrl": "\x00\x01\x7f\u2028", "zero": 0, "nzero": -0.0})
print(run.summary["inf"], run.summary["true"], run.summary["str"], run.summary.get("none", "absent"))
print(run.summary["nan"] != run.summary["nan"], repr(run.summary["quotes"]))
run.finish()
