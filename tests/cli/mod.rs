//! What a user sees and gets.

mod account;
mod bad_input;
mod config;
mod local;
mod parse;
mod signals;
mod socket;
mod status;
mod summary;
mod sync;
mod tty;
