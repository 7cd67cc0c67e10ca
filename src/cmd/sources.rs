//! Where settings come from: files, the environment and the command line, in the official precedence.

use std::path::{Path, PathBuf};

use crate::cli::parse::RuleArgs;
use crate::cli::run::IdentityArgs;
use crate::error::Error;
use crate::parse::Options;
use crate::parse::options::Builder;
use crate::settings::{Layers, Settings, ini, project_file};
use crate::store;

/// Settings on their way to being resolved.
pub struct Sources {
    layers: Layers,
    notes: Vec<String>,
    root: PathBuf,
    global: Option<PathBuf>,
}

impl Sources {
    /// Reads the settings files and the environment. `dir` is where `wandb/` is made, if the command line says so.
    pub fn read(dir: Option<&Path>, cwd: &Path) -> Result<Self, Error> {
        let mut layers = Layers::default();
        let mut notes = Vec::new();
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let root = dir
            .map(Path::to_owned)
            .or_else(|| variable("WANDB_DIR").map(PathBuf::from))
            .unwrap_or_default();
        let root = cwd.join(root);
        let global = variable("WANDB_CONFIG_DIR")
            .map(PathBuf::from)
            .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config/wandb")))
            .map(|dir| dir.join("settings"));
        let workspace = store::wandb_dir(&root).join("settings");
        for file in global.iter().chain([&workspace]) {
            let Ok(text) = std::fs::read_to_string(file) else {
                continue;
            };
            match ini::parse(&text) {
                Ok(values) => layers.add_file(file, values),
                Err(error) => notes.push(format!(
                    "settings file {} is not used: {error}",
                    file.display()
                )),
            }
        }
        layers.add_environment(|name| std::env::var_os(name))?;
        Ok(Self {
            layers,
            notes,
            root,
            global,
        })
    }

    /// The settings file of the user; it need not exist.
    pub fn global_file(&self) -> Option<PathBuf> {
        self.global.clone()
    }

    /// The settings file of the directory; it need not exist.
    pub fn workspace_file(&self) -> PathBuf {
        store::wandb_dir(&self.root).join("settings")
    }

    /// The settings that are set somewhere, by name, and where.
    pub fn origins(&self) -> Vec<(String, String)> {
        self.layers.origins()
    }

    /// What a setting is set to, and where.
    pub fn value(&self, setting: &str) -> Option<(&str, &str)> {
        self.layers.value(setting)
    }

    /// A setting from the command line.
    pub fn flag(&mut self, setting: &str, value: Option<String>, origin: &str) {
        if let Some(value) = value {
            self.layers.set(setting, value, origin.to_owned());
        }
    }

    /// The options that say what a run is called.
    pub fn identity(&mut self, args: &IdentityArgs) {
        let tags = (!args.tags.is_empty()).then(|| args.tags.join(","));
        self.flag("project", args.project.clone(), "--project");
        self.flag("entity", args.entity.clone(), "--entity");
        self.flag("run_name", args.name.clone(), "--name");
        self.flag("run_id", args.id.clone(), "--id");
        self.flag("run_group", args.group.clone(), "--group");
        self.flag("run_job_type", args.job_type.clone(), "--job-type");
        self.flag("run_tags", tags, "--tags");
        self.flag("run_notes", args.notes.clone(), "--notes");
    }

    /// The settings that hold, and warnings about files that were left out.
    pub fn resolve(&self) -> Result<(Settings, Vec<String>), Error> {
        let mut settings = self.layers.clone().resolve()?;
        settings.root_dir.clone_from(&self.root);
        Ok((settings, self.notes.clone()))
    }
}

/// Where the user is.
pub fn current_dir() -> Result<PathBuf, Error> {
    std::env::current_dir()
        .map_err(|error| Error::new(format!("the current directory cannot be used: {error}")))
}

/// How output is searched: the project's file, then the command line. `None` if the file turns the search off.
pub fn rules(args: &RuleArgs, cwd: &Path) -> Result<Option<Options>, Error> {
    let mut builder = Builder::default();
    let mut enabled = true;
    if let Some(file) = project_file::find(cwd) {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Error::new(format!("{} cannot be read: {error}", file.display())))?;
        enabled = project_file::read(&text, &mut builder)
            .map_err(|error| Error::new(format!("{}:{error}", file.display())))?;
    }
    for pattern in &args.patterns {
        builder
            .pattern(pattern)
            .map_err(|reason| Error::new(format!("--pattern: {reason}")))?;
    }
    for metric in &args.metrics {
        let (name, pattern) = metric.split_once('=').ok_or_else(|| {
            Error::new(format!("--metric {metric:?}: expected NAME=REGEX"))
                .hint("like --metric 'val/loss=validation loss is ([0-9.]+)'")
        })?;
        builder
            .metric(name, pattern)
            .map_err(|reason| Error::new(format!("--metric {name}: {reason}")))?;
    }
    for glob in &args.include {
        builder.include(glob);
    }
    for glob in &args.ignore {
        builder.ignore(glob);
    }
    if let Some(ranks) = args.rank {
        builder.ranks(ranks);
    }
    Ok(enabled.then(|| builder.build()))
}
