//! `wandb-rs ui`.

use crate::cli::server::UiArgs;
use crate::error::Error;

/// Carries the command out.
pub fn exec(_args: &UiArgs) -> Result<(), Error> {
    Err(Error::new("not there yet"))
}
