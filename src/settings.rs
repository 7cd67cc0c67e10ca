//! Settings: defaults < global file < workspace file < environment < flags, with the official names.
//!
//! A setting `foo` is `foo = …` in a settings file, `WANDB_FOO` in the environment and `--foo` on the command
//! line; [`ENVIRONMENT`] lists the variables, with those that are spelled differently. The result is plain data:
//! nothing reads the environment later.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::run::id::{self, RunId};
use network::Network;

pub mod config_file;
pub mod credentials;
pub mod ini;
pub mod netrc;
pub mod network;
pub mod project_file;
pub mod server;

/// Where a run is recorded and whether it is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    Online,
    #[default]
    Offline,
    Disabled,
}

/// What happens if the run id exists already on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    Allow,
    Must,
    Never,
    Auto,
}

/// A step of a run at which another one begins: `id?_step=n`.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    pub run: String,
    pub step: f64,
}

/// Everything that can be set, resolved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    pub mode: Mode,
    /// The mode was asked for, not assumed.
    pub mode_is_explicit: bool,
    pub entity: String,
    /// `None`: named after the git repository.
    pub project: Option<String>,
    pub run_id: Option<RunId>,
    pub run_name: Option<String>,
    pub run_notes: String,
    pub run_tags: Vec<String>,
    pub run_group: String,
    pub run_job_type: String,
    pub sweep_id: String,
    pub resume: Option<Resume>,
    pub fork_from: Option<Moment>,
    pub resume_from: Option<Moment>,
    /// The directory in which `wandb/` lies.
    pub root_dir: PathBuf,
    pub quiet: bool,
    pub silent: bool,
    pub save_code: bool,
    pub disable_git: bool,
    pub disable_meta: bool,
    pub disable_stats: bool,
    pub stats_interval: Duration,
    pub host: Option<String>,
    pub program: Option<String>,
    pub docker: String,
    pub email: String,
    pub username: String,
    pub git_remote: String,
    pub git_commit: Option<String>,
    pub git_remote_url: Option<String>,
    pub network: Network,
}

/// A variable of the environment and the setting it gives.
#[derive(Debug)]
pub struct Variable {
    pub name: &'static str,
    pub setting: &'static str,
    pub help: &'static str,
}

macro_rules! variables {
    ($($name:literal $setting:literal $help:literal;)*) => {
        &[$(Variable { name: $name, setting: $setting, help: $help }),*]
    };
}

/// Every variable that gives a setting. Names and meanings are the official ones.
pub const ENVIRONMENT: &[Variable] = variables! {
    "WANDB_MODE" "mode" "online, offline or disabled";
    "WANDB_ENTITY" "entity" "user or team that owns the run";
    "WANDB_PROJECT" "project" "project of the run";
    "WANDB_RUN_ID" "run_id" "id of the run";
    "WANDB_NAME" "run_name" "display name";
    "WANDB_NOTES" "run_notes" "notes";
    "WANDB_TAGS" "run_tags" "tags, separated by commas";
    "WANDB_RUN_GROUP" "run_group" "group of the run";
    "WANDB_JOB_TYPE" "run_job_type" "job type";
    "WANDB_SWEEP_ID" "sweep_id" "sweep that the run belongs to";
    "WANDB_RESUME" "resume" "allow, must, never or auto";
    "WANDB_RESUME_FROM" "resume_from" "rewind a run: id?_step=n";
    "WANDB_FORK_FROM" "fork_from" "begin as a copy of another run: id?_step=n";
    "WANDB_DIR" "root_dir" "directory in which wandb/ is made";
    "WANDB_QUIET" "quiet" "print less";
    "WANDB_SILENT" "silent" "print nothing";
    "WANDB_SAVE_CODE" "save_code" "record the script and the git diff";
    "WANDB_DISABLE_GIT" "disable_git" "do not look for a git repository";
    "WANDB_X_DISABLE_META" "x_disable_meta" "do not record host and hardware";
    "WANDB_X_DISABLE_STATS" "x_disable_stats" "do not sample system metrics";
    "WANDB_X_STATS_SAMPLING_INTERVAL" "x_stats_sampling_interval" "seconds between two samples";
    "WANDB_HOST" "host" "name of this machine";
    "WANDB_PROGRAM" "program" "name of the script";
    "WANDB_DOCKER" "docker" "container image";
    "WANDB_USER_EMAIL" "email" "e-mail address in the run's metadata";
    "WANDB_USERNAME" "username" "user name in the run's metadata";
    "WANDB_GIT_REMOTE" "git_remote" "name of the git remote";
    "WANDB_GIT_COMMIT" "git_commit" "commit to record in place of the repository's";
    "WANDB_GIT_REMOTE_URL" "git_remote_url" "remote URL to record in place of the repository's";
    "WANDB_BASE_URL" "base_url" "address of the server";
    "WANDB_APP_URL" "app_url_override" "address of the server's pages, where it does not follow from the other one";
    "WANDB_IDENTITY_TOKEN_FILE" "identity_token_file" "file with a token of an identity provider, in place of a key";
    "WANDB_CREDENTIALS_FILE" "credentials_file" "where access tokens are kept";
    "WANDB_ORGANIZATION" "organization" "organization that owns the team";
    "WANDB_HTTP_PROXY" "http_proxy" "proxy for http:// addresses";
    "WANDB_HTTPS_PROXY" "https_proxy" "proxy for https:// addresses";
    "WANDB_INSECURE_DISABLE_SSL" "insecure_disable_ssl" "do not check the server's certificate";
    "REQUESTS_CA_BUNDLE" "ca_bundle" "file of certificate authorities to trust";
    "WANDB_X_EXTRA_HTTP_HEADERS" "x_extra_http_headers" "headers to add to every request, as a JSON object";
    "WANDB_HTTP_TIMEOUT" "x_graphql_timeout_seconds" "seconds that an answer of the server may take";
    "WANDB_X_GRAPHQL_RETRY_MAX" "x_graphql_retry_max" "how often a failed request is repeated";
    "WANDB_X_GRAPHQL_RETRY_WAIT_MIN_SECONDS" "x_graphql_retry_wait_min_seconds" "seconds before the first retry";
    "WANDB_X_GRAPHQL_RETRY_WAIT_MAX_SECONDS" "x_graphql_retry_wait_max_seconds" "seconds between two retries, at most";
    "WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL" "x_file_stream_transmit_interval" "seconds between two uploads of metrics";
    "WANDB_X_FILE_STREAM_TIMEOUT_SECONDS" "x_file_stream_timeout_seconds" "seconds that an upload of metrics may take";
    "WANDB_X_FILE_STREAM_NO_GZIP" "x_file_stream_no_gzip" "false: metrics are sent packed, to servers that can unpack them";
    "WANDB_X_FILE_STREAM_RETRY_MAX" "x_file_stream_retry_max" "how often a failed upload of metrics is repeated";
    "WANDB_X_FILE_STREAM_RETRY_WAIT_MIN_SECONDS" "x_file_stream_retry_wait_min_seconds" "seconds before the first retry";
    "WANDB_X_FILE_STREAM_RETRY_WAIT_MAX_SECONDS" "x_file_stream_retry_wait_max_seconds" "seconds between two retries, at most";
    "WANDB_FILE_PUSHER_TIMEOUT" "x_file_transfer_timeout_seconds" "seconds that the upload of a file may take";
    "WANDB_X_FILE_TRANSFER_RETRY_MAX" "x_file_transfer_retry_max" "how often a failed upload of a file is repeated";
    "WANDB_X_FILE_TRANSFER_RETRY_WAIT_MIN_SECONDS" "x_file_transfer_retry_wait_min_seconds" "seconds before the first retry";
    "WANDB_X_FILE_TRANSFER_RETRY_WAIT_MAX_SECONDS" "x_file_transfer_retry_wait_max_seconds" "seconds between two retries, at most";
    "WANDB_INIT_TIMEOUT" "init_timeout" "seconds that the beginning of a run waits for the server";
    "WANDB_FINISH_TIMEOUT" "finish_timeout" "seconds that the end of a run waits for its upload; 0 is as long as it takes";
    "WANDB_IGNORE_GLOBS" "ignore_globs" "files that are not uploaded, as globs separated by commas";
};

/// Why a setting cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct SettingsError {
    /// The variable, flag or file that holds the value.
    pub origin: String,
    pub reason: String,
}

/// Values by setting, and where the winning one came from. Later layers win.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    values: HashMap<String, (String, String)>,
}

impl Layers {
    /// Sets one value; `origin` is what an error message names.
    pub fn set(&mut self, setting: &str, value: String, origin: String) {
        self.values.insert(setting.to_owned(), (value, origin));
    }

    /// Adds the members of a settings file.
    pub fn add_file(&mut self, path: &Path, values: Vec<(String, String)>) {
        for (setting, value) in values {
            let origin = format!("{}: {setting}", path.display());
            self.set(&setting, value, origin);
        }
    }

    /// Adds what the environment sets; empty values count as unset.
    pub fn add_environment(
        &mut self,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(), SettingsError> {
        for variable in ENVIRONMENT {
            // `x_foo` may also be spelled WANDB__FOO.
            let alternative = variable.name.replace("WANDB_X_", "WANDB__");
            let value = environment(variable.name).or_else(|| environment(&alternative));
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                continue;
            };
            let value = value.into_string().map_err(|_| SettingsError {
                origin: variable.name.to_owned(),
                reason: "not UTF-8".to_owned(),
            })?;
            self.set(variable.setting, value, variable.name.to_owned());
        }
        Ok(())
    }

    /// The settings that are set, by name, and where each comes from.
    pub fn origins(&self) -> Vec<(String, String)> {
        let values = self.values.iter();
        let mut origins: Vec<_> = values
            .map(|(setting, (_, origin))| (setting.clone(), origin.clone()))
            .collect();
        origins.sort_unstable();
        origins
    }

    /// What a setting is set to, and where it comes from.
    pub fn value(&self, setting: &str) -> Option<(&str, &str)> {
        let (value, origin) = self.values.get(setting)?;
        Some((value, origin))
    }

    fn take<T>(
        &mut self,
        setting: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, SettingsError> {
        match self.values.remove(setting) {
            None => Ok(None),
            Some((value, origin)) => match parse(&value) {
                Ok(value) => Ok(Some(value)),
                Err(reason) => Err(SettingsError { origin, reason }),
            },
        }
    }

    fn text(&mut self, setting: &str) -> Option<String> {
        self.values.remove(setting).map(|(value, _)| value)
    }

    fn flag(&mut self, setting: &str) -> Result<bool, SettingsError> {
        Ok(self.take(setting, boolean)?.unwrap_or(false))
    }

    /// The settings that hold; errors name the origin of a value that cannot be used.
    pub fn resolve(mut self) -> Result<Settings, SettingsError> {
        let mode = self.take("mode", mode)?;
        let settings = Settings {
            mode: mode.unwrap_or_default(),
            mode_is_explicit: mode.is_some(),
            entity: self.text("entity").unwrap_or_default(),
            project: self.take("project", |name| {
                id::check_project(name).map(|()| name.to_owned())
            })?,
            run_id: self.take("run_id", |id| RunId::parse(id).map_err(|e| e.to_string()))?,
            run_name: self.text("run_name"),
            run_notes: self.text("run_notes").unwrap_or_default(),
            run_tags: self.take("run_tags", tags)?.unwrap_or_default(),
            run_group: self.text("run_group").unwrap_or_default(),
            run_job_type: self.text("run_job_type").unwrap_or_default(),
            sweep_id: self.text("sweep_id").unwrap_or_default(),
            resume: self.take("resume", resume)?.flatten(),
            fork_from: self.take("fork_from", moment)?,
            resume_from: self.take("resume_from", moment)?,
            root_dir: self.text("root_dir").map(PathBuf::from).unwrap_or_default(),
            quiet: self.flag("quiet")?,
            silent: self.flag("silent")?,
            save_code: self.flag("save_code")?,
            disable_git: self.flag("disable_git")?,
            disable_meta: self.flag("x_disable_meta")?,
            disable_stats: self.flag("x_disable_stats")?,
            stats_interval: self
                .take("x_stats_sampling_interval", interval)?
                .unwrap_or(Duration::from_secs(15)),
            host: self.text("host"),
            program: self.text("program"),
            docker: self.text("docker").unwrap_or_default(),
            email: self.text("email").unwrap_or_default(),
            username: self.text("username").unwrap_or_default(),
            git_remote: self
                .text("git_remote")
                .unwrap_or_else(|| "origin".to_owned()),
            git_commit: self.text("git_commit"),
            git_remote_url: self.text("git_remote_url"),
            network: Network::take(&mut self)?,
        };
        settings.check()
    }
}

impl Settings {
    fn check(self) -> Result<Self, SettingsError> {
        let conflict = |origin: &str, reason: &str| {
            Err(SettingsError {
                origin: origin.to_owned(),
                reason: reason.to_owned(),
            })
        };
        let chosen = usize::from(self.resume.is_some())
            + usize::from(self.fork_from.is_some())
            + usize::from(self.resume_from.is_some());
        if chosen > 1 {
            return conflict(
                "resume",
                "give only one of resume, resume-from and fork-from",
            );
        }
        if let (Some(fork), Some(id)) = (&self.fork_from, &self.run_id)
            && fork.run == id.as_str()
        {
            return conflict(
                "fork_from",
                "a run cannot be forked from itself; use resume-from to rewind it",
            );
        }
        if let (Some(rewind), Some(id)) = (&self.resume_from, &self.run_id)
            && rewind.run != id.as_str()
        {
            return conflict(
                "resume_from",
                "names another run than the run id; use fork-from to copy a run",
            );
        }
        Ok(self)
    }
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "online" | "run" => Ok(Mode::Online),
        "offline" | "dryrun" => Ok(Mode::Offline),
        "disabled" => Ok(Mode::Disabled),
        "shared" => Err("mode \"shared\" needs a server; use online or offline".to_owned()),
        _ => Err(format!(
            "mode {text:?}: expected online, offline or disabled"
        )),
    }
}

pub fn resume(text: &str) -> Result<Option<Resume>, String> {
    match text {
        "allow" => Ok(Some(Resume::Allow)),
        "must" => Ok(Some(Resume::Must)),
        "never" => Ok(Some(Resume::Never)),
        "auto" | "true" | "True" => Ok(Some(Resume::Auto)),
        "false" | "False" => Ok(None),
        _ => Err(format!(
            "resume {text:?}: expected allow, must, never or auto"
        )),
    }
}

fn tags(text: &str) -> Result<Vec<String>, String> {
    let tags: Vec<String> = text
        .split(',')
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect();
    tags.iter().try_for_each(|tag| id::check_tag(tag))?;
    Ok(tags)
}

fn moment(text: &str) -> Result<Moment, String> {
    let wanted = || format!("{text:?}: expected run-id?_step=number");
    let (run, step) = text.split_once("?_step=").ok_or_else(wanted)?;
    let step: u32 = step.parse().map_err(|_| wanted())?;
    RunId::parse(run).map_err(|error| error.to_string())?;
    Ok(Moment {
        run: run.to_owned(),
        step: f64::from(step),
    })
}

fn interval(text: &str) -> Result<Duration, String> {
    let wanted = || format!("{text:?}: expected seconds, at least 0.1");
    let seconds: f64 = text.parse().map_err(|_| wanted())?;
    if !(0.1..=1e7).contains(&seconds) {
        return Err(wanted());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| wanted())
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "t" | "y" => Ok(true),
        "false" | "0" | "no" | "off" | "f" | "n" => Ok(false),
        _ => Err(format!("{text:?}: expected true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        }
    }

    #[test]
    fn later_layers_win() {
        let mut layers = Layers::default();
        let file = |values: &[(&str, &str)]| {
            values
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect()
        };
        layers.add_file(
            Path::new("global"),
            file(&[("project", "global"), ("entity", "e")]),
        );
        layers.add_file(
            Path::new("workspace"),
            file(&[("project", "workspace"), ("mode", "disabled")]),
        );
        layers
            .add_environment(environment(&[
                ("WANDB_PROJECT", "env"),
                ("WANDB_MODE", "dryrun"),
                ("WANDB_NAME", ""),
            ]))
            .unwrap();
        layers.set("project", "flag".into(), "--project".into());
        let settings = layers.resolve().unwrap();
        assert_eq!(settings.project.as_deref(), Some("flag"));
        assert_eq!(
            (settings.entity.as_str(), settings.mode),
            ("e", Mode::Offline)
        );
        assert!(settings.mode_is_explicit);
        assert_eq!(settings.run_name, None);
    }

    #[test]
    fn errors_name_the_origin_and_the_mend() {
        for (pairs, message) in [
            (
                &[("WANDB_MODE", "onlin")] as &'static [_],
                "WANDB_MODE: mode \"onlin\": expected online, offline or disabled",
            ),
            (
                &[("WANDB_QUIET", "maybe")],
                "WANDB_QUIET: \"maybe\": expected true or false",
            ),
            (
                &[("WANDB_RUN_ID", "a/b")],
                "WANDB_RUN_ID: run id \"a/b\" contains '/'; it must not contain any of :;,#?/'",
            ),
            (
                &[("WANDB__STATS_SAMPLING_INTERVAL", "0")],
                "WANDB_X_STATS_SAMPLING_INTERVAL: \"0\": expected seconds, at least 0.1",
            ),
            (
                &[("WANDB_FORK_FROM", "abc")],
                "WANDB_FORK_FROM: \"abc\": expected run-id?_step=number",
            ),
            (
                &[("WANDB_FORK_FROM", "a?_step=1"), ("WANDB_RESUME", "must")],
                "resume: give only one of resume, resume-from and fork-from",
            ),
        ] {
            let mut layers = Layers::default();
            layers.add_environment(environment(pairs)).unwrap();
            assert_eq!(layers.resolve().unwrap_err().to_string(), message);
        }
    }
}
