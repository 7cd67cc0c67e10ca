//! What a user sees and gets.

mod account;
mod bad_input;
mod config;
mod crash;
mod hostile;
mod local;
mod parse;
mod privacy;
mod signals;
mod socket;
mod status;
mod streams;
mod summary;
mod sync;
mod tty;
