"""NumPy scalars and arrays."""
# needs: numpy
# differs: ^(stdout|runs\[0\]\.console): -- floats read back as they were logged
import numpy as np

import wandb

run = wandb.init(project="demo")
run.log({"f32": np.float32(0.1), "f64": np.float64(0.1), "f16": np.float16(0.1)})
run.log({"i8": np.int8(-5), "u64": np.uint64(2**64 - 1), "bool": np.bool_(True), "i64": np.int64(2**62)})
run.log({"array": np.arange(5), "matrix": np.eye(2), "zero_d": np.array(3.5), "one": np.array([7])})
run.log({"nan": np.float32("nan"), "inf": np.float64("inf"), "big": np.arange(100), "str": np.str_("s")})
run.log({"ones": np.ones(40), "nested": {"x": np.float32(1.5)}, "list": [np.float32(0.5), np.int32(2)]})
for key in ("f32", "f64", "f16", "i8", "u64", "bool", "i64", "zero_d", "one", "str"):
    print(key, repr(run.summary[key]))
run.config.update({"np": np.float32(0.5), "arr": np.arange(3)})
print(run.config["np"], run.config["arr"])
run.finish()
