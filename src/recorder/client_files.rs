//! Files of a run that a client has opened, and what its settings say about where it was started.

use std::path::Path;

use super::run_log::RunLog;
use crate::run::Event;
use crate::store::{self, RunDir};
use crate::sys::Clock;
use crate::system::host;
use crate::wire::schema::{EnvironmentRecord, FilesItem, Timestamp};
use crate::wire::sdk::{self, Settings, flag, text};

/// Moves what has been written so far; what exists there already is the client's.
pub(super) fn move_files(old: &RunDir, new: &RunDir) {
    let moves = [
        (old.path().join("files"), new.path().join("files")),
        (old.logs(), new.logs()),
    ];
    for (from, to) in moves {
        let _ = store::private_dir(&to);
        for entry in std::fs::read_dir(&from).into_iter().flatten().flatten() {
            let mut target = to.join(entry.file_name());
            if target.exists() && entry.file_name() == "debug.log" {
                target = to.join("debug-wandb-rs.log");
            }
            if !target.exists() {
                let _ = std::fs::rename(entry.path(), target);
            }
        }
    }
}

pub(super) fn writer_id(settings: &Settings) -> String {
    let start = settings.start_time.map_or(0.0, |start| start.value);
    host::writer_id((start * 1e9) as i128, [0; 10])
}

/// The environment as the SDK's settings tell it.
pub(super) fn describe(log: &mut RunLog, settings: &Settings, clock: Clock) {
    if flag(settings.disable_meta) {
        return;
    }
    let own = |setting: Option<&sdk::Text>| text(setting).to_owned();
    let environment = EnvironmentRecord {
        os: own(settings.os.as_ref()),
        python: own(settings.python.as_ref()),
        started_at: settings
            .start_time
            .map(|start| Timestamp::from_nanos((start.value * 1e9) as i128)),
        docker: own(settings.docker.as_ref()),
        args: settings
            .args
            .as_ref()
            .map(|args| crate::output::redact::arguments(&args.value))
            .unwrap_or_default(),
        program: own(settings.program.as_ref()),
        code_path: own(settings.program_relpath.as_ref()),
        email: own(settings.email.as_ref()),
        root: own(settings.root_dir.as_ref()),
        host: own(settings.host.as_ref()),
        username: own(settings.username.as_ref()),
        executable: own(settings.executable.as_ref()),
        writer_id: writer_id(settings),
        ..EnvironmentRecord::default()
    };
    log.apply(Event::Environment(Box::new(environment)), clock.now());
}

/// `requirements.txt`, as the script's own interpreter sees it: that counts more than what was found from outside.
pub(super) fn packages(log: &mut RunLog, dir: &RunDir, lines: &[String], clock: Clock) {
    let path = dir.file("requirements.txt");
    let mut lines = lines.to_vec();
    lines.sort_unstable();
    let text = lines.join("\n") + "\n";
    if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return;
    }
    match store::write_atomic(&path, text.as_bytes()) {
        Ok(()) => log.apply(made("requirements.txt"), clock.now()),
        Err(error) => log.debug(&format!("{}: {error}", path.display())),
    }
}

/// A copy of the script below `files/code/`.
pub(super) fn save_code(log: &mut RunLog, settings: &Settings, dir: &RunDir, clock: Clock) {
    let name = text(settings.program_relpath.as_ref());
    let source = Path::new(text(settings.program_abspath.as_ref()));
    let inside = Path::new(name)
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)));
    if name.is_empty() || !inside {
        return;
    }
    let target = dir.path().join("files/code").join(name);
    match store::copy_atomic(source, &target) {
        Ok(()) => log.apply(made(&format!("code/{name}")), clock.now()),
        Err(error) => log.debug(&format!("save_code {}: {error}", source.display())),
    }
}

fn made(path: &str) -> Event {
    Event::Files(vec![FilesItem::wandb(path)])
}
