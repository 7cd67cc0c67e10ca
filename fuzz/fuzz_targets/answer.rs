#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wandb_rs::fuzz::run("answer", input));
