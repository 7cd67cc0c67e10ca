//! What the user is told when a command fails, and the exit status that goes with it.

use std::fmt;

use crate::child::SpawnError;
use crate::settings::SettingsError;
use crate::settings::credentials::CredentialsError;

/// A failure with its exit status and, where there is one, the way out.
#[derive(Debug)]
pub struct Error {
    message: String,
    hint: Option<String>,
    code: u8,
}

/// Failure of our own before the child runs.
pub const BEFORE_SPAWN: u8 = 125;

impl Error {
    /// A failure that the user can do something about; exit status 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            code: 1,
        }
    }

    /// Adds the way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the exit status.
    #[must_use]
    pub fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// What has gone wrong, without the way out.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The exit status.
    pub fn exit_code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wandb-rs: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Self {
        Self::new(error.to_string()).code(BEFORE_SPAWN)
    }
}

impl From<CredentialsError> for Error {
    fn from(error: CredentialsError) -> Self {
        let hint = match &error {
            CredentialsError::Both => "unset one of them",
            CredentialsError::Key { .. } => {
                "copy the whole key from the page that `wandb-rs login --relogin` names"
            }
        };
        Self::new(error.to_string()).hint(hint)
    }
}

impl From<SpawnError> for Error {
    fn from(error: SpawnError) -> Self {
        let code = error.exit_code();
        let hint = match &error {
            SpawnError::NotFound(name) if name.contains('/') => {
                "the file does not exist, or the interpreter in its first line does not".to_owned()
            }
            SpawnError::NotFound(_) => {
                "is it installed, and in a directory that PATH names?".to_owned()
            }
            SpawnError::NotExecutable(name, _) => {
                format!("make it executable with `chmod +x {name}`, or name its interpreter first")
            }
            SpawnError::Other(..) => return Self::new(error.to_string()).code(code),
        };
        Self::new(error.to_string()).code(code).hint(hint)
    }
}
