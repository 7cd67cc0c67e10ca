//! `wandb-rs edit`: a run's description is changed in its log.

use super::{complain, local};
use crate::cli::local::EditArgs;
use crate::error::Error;
use crate::output::redact;
use crate::run::recorded::State;
use crate::store::rewrite::{self, RewriteError};
use crate::wire::amend::{Changes, Name};
use crate::wire::schema::KeyedItem;

/// Carries the command out.
pub fn exec(args: &EditArgs) -> Result<(), Error> {
    let changes = changes(args)?;
    let run = local::one(Some(&args.run))?;
    let told = local::survey(&run)?;
    if told.state() == State::Running {
        return Err(Error::new(format!(
            "edit: {} is being written: its log has no end, and is open or was changed less than a minute ago",
            run.dir.display()
        ))
        .hint("wait until the run has ended; `wandb-rs config`, `summary` and `log` work in a running script"));
    }
    let changed = rewrite::rewrite(&run.log, |record| changes.amend(record)).map_err(|error| {
        let message = format!("edit: {}: {error}", run.log.display());
        match error {
            RewriteError::Damaged(_) => {
                Error::new(message).hint("`wandb-rs inspect` shows what can still be read")
            }
            RewriteError::Busy => Error::new(message).hint("try again when it has finished"),
            _ => Error::new(message),
        }
    })?;
    if changed == 0 {
        return Err(Error::new(format!(
            "edit: {} has no run record: it is not known which run it is",
            run.log.display()
        )));
    }
    if run.synced {
        complain(&format!(
            "{} was uploaded before; the change reaches the server only when it is uploaded again (sync --include-synced)",
            run.dir.display()
        ));
    }
    Ok(())
}

fn changes(args: &EditArgs) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    for (name, option, value) in [
        (Name::DisplayName, "--name", &args.name),
        (Name::Notes, "--notes", &args.notes),
        (Name::Project, "--project", &args.project),
        (Name::Entity, "--entity", &args.entity),
        (Name::Group, "--group", &args.group),
        (Name::JobType, "--job-type", &args.job_type),
    ] {
        let Some(value) = value else { continue };
        if matches!(name, Name::Project | Name::Entity)
            && value.contains(['/', '\\', '#', '?', '%', ':'])
        {
            return Err(Error::new(format!(
                "{option} {value}: must not contain any of / \\ # ? % :"
            ))
            .code(2));
        }
        changes.names.push((name, value.clone()));
    }
    changes.tags = args.tags.as_ref().map(|tags| {
        let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
        tags.map(str::to_owned).collect()
    });
    for word in &args.config {
        let (name, value) = super::client::pair(word)?;
        let value = redact::value(&name, value);
        let mut item = KeyedItem {
            value_json: value.to_json(),
            ..KeyedItem::default()
        };
        if name.contains('.') {
            item.nested_key = name.split('.').map(str::to_owned).collect();
        } else {
            item.key = name;
        }
        changes.config.push(item);
    }
    Ok(changes)
}
