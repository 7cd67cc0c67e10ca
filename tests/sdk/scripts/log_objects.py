"""Objects which JSON does not know."""
import datetime
import decimal
import fractions
import pathlib

import wandb


class Point:
    def __repr__(self):
        return "Point()"


run = wandb.init(project="demo")
for name, value in {
    "date": datetime.date(2020, 1, 2), "set": {1}, "bytes": b"abc", "decimal": decimal.Decimal("1.50"),
    "fraction": fractions.Fraction(1, 3), "path": pathlib.PurePosixPath("a/b"), "complex": 1 + 2j,
    "range": range(3), "point": Point(),
}.items():
    try:
        run.log({name: value})
        print(name, "->", repr(run.summary.get(name)))
    except Exception as error:
        print(name, type(error).__name__)
run.finish()
