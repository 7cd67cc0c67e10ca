//! Whole-program tests: one binary, one harness. `common` holds the harness, the other modules the tests.
//!
//! Tests against the official tools (`compat`) use a virtual environment below `target/`, which the first run
//! makes with pip. Without a package index set `WANDB_RS_SKIP_PEERS=1`: these tests then say that they did nothing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    reason = "tests"
)]

mod cli;
mod common;
mod compat;
mod generated;
mod layers;
mod online;
mod promises;
mod server;
mod ui;
mod upload;
