"""Unicode and odd keys."""
import wandb

run = wandb.init(project="demo")
keys = [
    "größe", "損失", "🚀", "with space", " lead", "a.b", "a..b", ".a", "a/b/c", "a\\b", "a\"b", "new\nline",
    "", "_underscore", "__double", "*", "k" * 300, "NaN", "0", "a:b", "[0]", "{x}", "a\tb", "it's",
]
run.log({key: i for i, key in enumerate(keys)})
run.log({"nest.ed": {"in.ner": 1, "": 2}})
print(len(keys), "keys,", run.summary["größe"], run.summary["損失"], run.summary["nest.ed"]["in.ner"])
run.finish()
