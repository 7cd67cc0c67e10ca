//! The binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    wandb_rs::main(std::env::args_os().collect())
}
