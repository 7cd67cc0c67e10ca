//! Changes of a settings file.

use std::path::Path;

use crate::error::Error;
use crate::output::Ui;
use crate::settings::ini;
use crate::store;

/// Sets or (with `None`) takes away settings of a file, and says so. A file that is right already is left alone.
pub(super) fn change(ui: &Ui, file: &Path, changes: &[(&str, Option<&str>)]) -> Result<(), Error> {
    let failed = |reason: String| {
        Error::new(format!(
            "settings file {} cannot be changed: {reason}",
            file.display()
        ))
        .hint("mend it, or take it away")
    };
    let before = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error.to_string())),
    };
    let values = ini::parse(&before).map_err(|error| failed(error.to_string()))?;
    let mut after = before;
    let mut changed = false;
    for &(key, value) in changes {
        let last = values.iter().rev().find(|(name, _)| name == key);
        if last.map(|(_, value)| value.as_str()) != value {
            after = ini::with(&after, key, value).map_err(|error| failed(error.to_string()))?;
            changed = true;
        }
    }
    if !changed {
        return Ok(());
    }
    store::rewrite(file, after.as_bytes()).map_err(|error| failed(error.to_string()))?;
    ui.info(&format!("Updated settings file {}", file.display()));
    Ok(())
}
