//! Imports run one way: a module uses only modules of its own layer or lower ones, and the pure ones touch nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// Layer of each module, the lowest first. Within a layer anything goes.
const LAYERS: &[&[&str]] = &[
    &["wire", "run", "parse", "term", "text"],
    &[
        "output", "settings", "sys", "git", "command", "cli", "helper", "tls",
    ],
    &["store", "child", "peer", "inbox"],
    &["api"],
    &["system", "service"],
    &[
        "recorder",
        "observer",
        "supervise",
        "import",
        "upload",
        "sync",
        "uplink",
        "server",
    ],
    &["error"],
    &["cmd", "fuzz"],
];

/// What the lowest layer may not use: files, clocks, environment, processes, output.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env::var",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "println!",
    "eprintln!",
];

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The file's text without its tests, comments and the part behind `#[cfg(test)]`.
fn production(path: &Path) -> String {
    if path.file_name().is_some_and(|name| name == "tests.rs") {
        return String::new();
    }
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn modules_use_only_their_own_layer_or_lower_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut faults = Vec::new();
    for file in &files {
        let name = file.strip_prefix(&root).unwrap();
        let module = name
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs");
        if matches!(module, "main" | "lib") {
            continue;
        }
        let layer = layer_of(module).unwrap_or_else(|| panic!("module {module} has no layer"));
        let text = production(file);
        for part in text.split("crate::").skip(1) {
            let used: String = part
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if let Some(other) = layer_of(&used)
                && other > layer
            {
                faults.push(format!("{}: {module} may not use {used}", name.display()));
            }
        }
        if layer == 0 {
            faults.extend(
                IMPURE
                    .iter()
                    .filter(|word| text.contains(**word))
                    .map(|word| format!("{}: {word} is not pure", name.display())),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_stay_small_enough_to_hold_in_the_head() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in &files {
        let lines = production(file).lines().count();
        assert!(lines <= 600, "{}: {lines} lines", file.display());
    }
}
