"""Prints of several kinds."""
import sys

import wandb

print("before init")
run = wandb.init(project="demo")
print("one", 2, 3.5, sep=", ", end="!\n")
print()
print("two\nlines")
print("ünïcode 日本語 🚀")
sys.stdout.write("written\n")
sys.stdout.writelines(["a\n", "b\n"])
print("tab\tand \x1b[31mred\x1b[0m and bell\a")
run.finish()
print("after finish")
