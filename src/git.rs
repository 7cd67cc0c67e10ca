//! The git repository around a directory, read from its files: no process is started for what every run needs.

use std::fs;
use std::path::{Path, PathBuf};

/// A repository's work tree and where its data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Top of the work tree.
    pub root: PathBuf,
    git_dir: PathBuf,
    /// Differs from `git_dir` in linked work trees.
    common_dir: PathBuf,
}

impl Repository {
    /// The repository that `directory` lies in.
    pub fn discover(directory: &Path) -> Option<Self> {
        for root in directory.ancestors() {
            let dot_git = root.join(".git");
            let git_dir = if dot_git.is_dir() {
                dot_git
            } else if let Ok(text) = fs::read_to_string(&dot_git) {
                // Linked work trees and submodules: a file that names the directory.
                root.join(text.strip_prefix("gitdir:")?.trim())
            } else {
                continue;
            };
            let common_dir = match fs::read_to_string(git_dir.join("commondir")) {
                Ok(text) => git_dir.join(text.trim()),
                Err(_) => git_dir.clone(),
            };
            return Some(Self {
                root: root.to_owned(),
                git_dir,
                common_dir,
            });
        }
        None
    }

    /// The commit that is checked out, as hex digits.
    pub fn commit(&self) -> Option<String> {
        let mut name = fs::read_to_string(self.git_dir.join("HEAD")).ok()?;
        // A symbolic reference may point to another one.
        for _ in 0..5 {
            let Some(reference) = name.strip_prefix("ref:").map(str::trim) else {
                let commit = name.trim();
                let hex = commit.len() >= 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
                return hex.then(|| commit.to_owned());
            };
            name = [&self.git_dir, &self.common_dir]
                .into_iter()
                .find_map(|dir| fs::read_to_string(dir.join(reference)).ok())
                .or_else(|| self.packed(reference))?;
        }
        None
    }

    fn packed(&self, reference: &str) -> Option<String> {
        let text = fs::read_to_string(self.common_dir.join("packed-refs")).ok()?;
        text.lines().find_map(|line| {
            let (commit, name) = line.split_once(' ')?;
            (name == reference).then(|| commit.to_owned())
        })
    }

    /// The URL of a remote, without credentials.
    pub fn remote_url(&self, remote: &str) -> Option<String> {
        let text = fs::read_to_string(self.common_dir.join("config")).ok()?;
        let section = format!("[remote \"{remote}\"]");
        let mut inside = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                inside = line == section;
            } else if inside
                && let Some((key, value)) = line.split_once('=')
                && key.trim().eq_ignore_ascii_case("url")
            {
                return Some(without_credentials(value.trim().trim_matches('"')));
            }
        }
        None
    }
}

/// A URL without its password, and without a user name that has none (it may be a token), as the official
/// client stores it. Texts that are no URLs (`git@host:path`) are left alone.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = match authority.rsplit_once('@') {
        None => authority.to_owned(),
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:@{}", host.to_lowercase()),
            None => host.to_lowercase(),
        },
    };
    format!("{scheme}://{host}{path}")
}

/// The project of a run that names none: the repository's name, and the script's directory in it.
/// Source: `wandb/util.py` (`auto_project_name`).
pub fn project_name(repository: Option<&Repository>, script_dir: Option<&Path>) -> String {
    let Some(repository) = repository else {
        return "uncategorized".to_owned();
    };
    let root = repository
        .root
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let mut name = root.unwrap_or_else(|| "uncategorized".to_owned());
    if let Some(below) = script_dir.and_then(|dir| dir.strip_prefix(&repository.root).ok())
        && !below.as_os_str().is_empty()
    {
        name = format!("{name}-{}", below.to_string_lossy());
    }
    // What a project's name must not contain; the slashes of the path become underscores too.
    name.chars()
        .map(|c| if "/\\#?%:".contains(c) { '_' } else { c })
        .take(128)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("repo");
        fs::create_dir_all(root.join(".git/refs/heads")).unwrap();
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(
            root.join(".git/config"),
            "[core]\n\turl = no\n[remote \"origin\"]\n\turl = https://bob:s3cret@Git.example.com:8443/x/y.git\n[remote \"up\"]\n\turl = git@h:a/b\n",
        )
        .unwrap();
        (dir, root)
    }

    #[test]
    fn commits_are_found_loose_packed_and_detached() {
        let (_dir, root) = repository();
        let repo = Repository::discover(&root.join("sub/deep")).unwrap();
        assert_eq!(repo.root, root);
        assert_eq!(repo.commit(), None);
        let (packed, loose) = ("a".repeat(40), "b".repeat(40));
        fs::write(
            root.join(".git/packed-refs"),
            format!("# pack-refs\n{packed} refs/heads/main\n"),
        )
        .unwrap();
        assert_eq!(repo.commit(), Some(packed));
        fs::write(root.join(".git/refs/heads/main"), format!("{loose}\n")).unwrap();
        assert_eq!(repo.commit(), Some(loose.clone()));
        fs::write(root.join(".git/HEAD"), format!("{}\n", "c".repeat(40))).unwrap();
        assert_eq!(repo.commit(), Some("c".repeat(40)));
    }

    #[test]
    fn linked_work_trees_use_the_common_directory() {
        let (dir, root) = repository();
        let linked = dir.path().join("linked");
        let data = root.join(".git/worktrees/linked");
        fs::create_dir_all(&data).unwrap();
        fs::create_dir(&linked).unwrap();
        fs::write(linked.join(".git"), format!("gitdir: {}\n", data.display())).unwrap();
        fs::write(data.join("commondir"), "../..\n").unwrap();
        fs::write(data.join("HEAD"), "ref: refs/heads/topic\n").unwrap();
        fs::write(root.join(".git/refs/heads/topic"), "d".repeat(40)).unwrap();
        let repo = Repository::discover(&linked).unwrap();
        assert_eq!(repo.commit(), Some("d".repeat(40)));
        assert!(repo.remote_url("origin").is_some());
    }

    #[test]
    fn remotes_lose_their_credentials() {
        let (_dir, root) = repository();
        let repo = Repository::discover(&root).unwrap();
        assert_eq!(
            repo.remote_url("origin").as_deref(),
            Some("https://bob:@git.example.com:8443/x/y.git")
        );
        assert_eq!(repo.remote_url("up").as_deref(), Some("git@h:a/b"));
        assert_eq!(repo.remote_url("none"), None);
        assert_eq!(
            without_credentials("https://tok@github.com/x"),
            "https://github.com/x"
        );
        assert_eq!(without_credentials("ssh://git@h/x"), "ssh://h/x");
    }

    #[test]
    fn projects_are_named_as_the_official_client_names_them() {
        let (_dir, root) = repository();
        let repo = Repository::discover(&root);
        assert_eq!(project_name(repo.as_ref(), Some(&root)), "repo");
        assert_eq!(
            project_name(repo.as_ref(), Some(&root.join("sub/deep"))),
            "repo-sub_deep"
        );
        assert_eq!(
            project_name(repo.as_ref(), Some(Path::new("/elsewhere"))),
            "repo"
        );
        assert_eq!(project_name(None, Some(&root)), "uncategorized");
    }
}
