//! The Python that a child runs on, found without starting it: its version and installed distributions.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

/// A Python installation or virtual environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    /// Like `3.11.7`, or `3.11` where only that is known.
    pub version: String,
    site_packages: Vec<PathBuf>,
}

impl Python {
    /// Looks at the file that was called and at the file that the kernel really runs (behind shims and links).
    pub fn find(called: &Path, running: Option<&Path>) -> Option<Self> {
        let environment = Self::virtual_environment(called);
        if environment.is_some() {
            return environment;
        }
        let executable =
            running.map_or_else(|| called.canonicalize().ok(), |path| Some(path.to_owned()))?;
        let name = executable.file_name()?.to_str()?;
        let version = name
            .strip_prefix("python")
            .filter(|version| version.contains('.'))?;
        let prefix = executable.parent()?.parent()?;
        Some(Self {
            version: version.to_owned(),
            site_packages: site_packages(prefix),
        })
    }

    fn virtual_environment(called: &Path) -> Option<Self> {
        let prefix = called.parent()?.parent()?;
        let text = fs::read_to_string(prefix.join("pyvenv.cfg")).ok()?;
        let version = text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            matches!(key.trim(), "version" | "version_info").then(|| value.trim().to_owned())
        })?;
        // uv and virtualenv write 3.11.7.final.0.
        let version = version.splitn(4, '.').take(3).collect::<Vec<_>>().join(".");
        Some(Self {
            version,
            site_packages: site_packages(prefix),
        })
    }

    /// The version of an installed distribution, as its directory is called.
    pub fn installed(&self, name: &str) -> Option<String> {
        let prefix = format!("{name}-");
        self.site_packages
            .iter()
            .filter_map(|directory| fs::read_dir(directory).ok())
            .flat_map(Iterator::flatten)
            .find_map(|entry| {
                let file_name = entry.file_name();
                let version = file_name.to_str()?.strip_prefix(&prefix)?;
                version.strip_suffix(".dist-info").map(str::to_owned)
            })
    }

    /// Lines `name==version` of what is installed, in order of names.
    pub fn requirements(&self) -> Vec<String> {
        let mut found: Vec<String> = self
            .site_packages
            .iter()
            .filter_map(|directory| fs::read_dir(directory).ok())
            .flat_map(Iterator::flatten)
            .filter(|entry| {
                Path::new(&entry.file_name()).extension() == Some(OsStr::new("dist-info"))
            })
            .filter_map(|entry| distribution(&entry.path().join("METADATA")))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn site_packages(prefix: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for lib in ["lib", "lib64", "local/lib"] {
        let Ok(entries) = fs::read_dir(prefix.join(lib)) else {
            continue;
        };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with("python3") {
                for name in ["site-packages", "dist-packages"] {
                    let path = entry.path().join(name);
                    if path.is_dir() && !found.contains(&path) {
                        found.push(path);
                    }
                }
            }
        }
    }
    found
}

/// `Name==Version` from the head of a METADATA file.
fn distribution(metadata: &Path) -> Option<String> {
    let (mut name, mut version) = (None, None);
    for line in BufReader::new(fs::File::open(metadata).ok()?)
        .lines()
        .take(40)
    {
        let line = line.ok()?;
        if let Some(text) = line.strip_prefix("Name:") {
            name = Some(text.trim().to_owned());
        } else if let Some(text) = line.strip_prefix("Version:") {
            version = Some(text.trim().to_owned());
        }
        if let (Some(name), Some(version)) = (&name, &version) {
            return Some(format!("{name}=={version}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_environments_are_read_from_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let site = dir.path().join("lib/python3.11/site-packages");
        for (name, text) in [
            (
                "a_b-1.0",
                "Metadata-Version: 2.1\nName: A-b\nVersion: 1.0\n\nName: no\n",
            ),
            ("broken-2", "nothing\n"),
        ] {
            let info = site.join(format!("{name}.dist-info"));
            fs::create_dir_all(&info).unwrap();
            fs::write(info.join("METADATA"), text).unwrap();
        }
        fs::write(
            dir.path().join("pyvenv.cfg"),
            "home = /usr/bin\nversion_info = 3.11.7.final.0\n",
        )
        .unwrap();
        let python = Python::find(&dir.path().join("bin/python"), None).unwrap();
        assert_eq!(python.version, "3.11.7");
        assert_eq!(python.requirements(), ["A-b==1.0"]);
        assert_eq!(python.installed("a_b").as_deref(), Some("1.0"));
        assert_eq!(python.installed("a"), None);
        let installed = Python::find(
            Path::new("/nowhere/python"),
            Some(&dir.path().join("bin/python3.11")),
        )
        .unwrap();
        assert_eq!(
            (installed.version.as_str(), installed.requirements().len()),
            ("3.11", 1)
        );
        assert_eq!(Python::find(Path::new("/bin/sh"), None), None);
    }
}
