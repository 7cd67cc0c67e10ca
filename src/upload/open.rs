//! Whether somebody writes a log at this moment.

use std::path::Path;

/// Whether a process of this machine has the log open for writing.
pub(super) fn is_being_written(log: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(log) = log.metadata() else {
        return false;
    };
    let same = |path: &Path| {
        path.metadata()
            .is_ok_and(|other| (other.dev(), other.ino()) == (log.dev(), log.ino()))
    };
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let name = process.file_name();
        let name = name.to_string_lossy();
        if !name.bytes().all(|byte| byte.is_ascii_digit()) || name == own {
            continue;
        }
        let open = std::fs::read_dir(process.path().join("fd"));
        for file in open.into_iter().flatten().flatten() {
            let is_log = std::fs::read_link(file.path())
                .is_ok_and(|target| target.extension().is_some_and(|ending| ending == "wandb"));
            if !is_log || !same(&file.path()) {
                continue;
            }
            // The file's access mode stands in octal in the last digit of its flags.
            let info = process.path().join("fdinfo").join(file.file_name());
            let flags = std::fs::read_to_string(info).unwrap_or_default();
            let flags = flags.lines().find_map(|line| line.strip_prefix("flags:"));
            if flags.is_none_or(|flags| !flags.trim().ends_with('0')) {
                return true;
            }
        }
    }
    false
}
