//! What `wandb-rs sync` promises: everything once, whatever happens on the way.

mod again;
mod live;
mod resume;
mod verify;
