//! What we read and write is what the official client reads and writes: its logs, its tools, its terminal rules.

mod account;
mod fake;
mod fixtures;
mod fold;
mod golden;
mod inspect;
mod metrics;
mod online;
mod protojson;
mod sdk;
mod service;
mod stdout_corpus;
mod sync;
mod terminal;
mod upload;
