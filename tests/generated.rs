//! What is generated from the one definition of the command line is committed and up to date.
//!
//! `UPDATE=1 cargo test generated` writes the files anew.

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use wandb_rs::cli::Cli;

fn check(files: &[(PathBuf, String)], directory: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE").is_some();
    let mut stale = Vec::new();
    for (path, text) in files {
        if fs::read_to_string(root.join(path)).ok().as_ref() != Some(text) {
            stale.push(path.display().to_string());
            if update {
                fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
                fs::write(root.join(path), text).unwrap();
            }
        }
    }
    for entry in fs::read_dir(root.join(directory))
        .into_iter()
        .flatten()
        .flatten()
    {
        let path = Path::new(directory).join(entry.file_name());
        assert!(
            files.iter().any(|(known, _)| *known == path),
            "{} is not generated any more",
            path.display()
        );
    }
    assert!(
        update || stale.is_empty(),
        "not up to date (UPDATE=1 cargo test generated): {}",
        stale.join(", ")
    );
}

#[test]
fn completions_are_up_to_date() {
    use clap_complete::Shell;
    let files = [
        (Shell::Bash, "wandb-rs.bash"),
        (Shell::Zsh, "_wandb-rs"),
        (Shell::Fish, "wandb-rs.fish"),
        (Shell::Elvish, "wandb-rs.elv"),
        (Shell::PowerShell, "_wandb-rs.ps1"),
    ];
    let text = |shell| wandb_rs::cmd::completions(shell);
    check(
        &files.map(|(shell, name)| (Path::new("completions").join(name), text(shell))),
        "completions",
    );
}

#[test]
fn man_pages_are_up_to_date() {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut files = Vec::new();
    let mut add = |command: clap::Command, name: String| {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).unwrap();
        files.push((
            Path::new("man").join(format!("{name}.1")),
            String::from_utf8(page).unwrap(),
        ));
    };
    add(command.clone(), "wandb-rs".to_owned());
    for subcommand in command.get_subcommands() {
        add(
            subcommand.clone(),
            format!("wandb-rs-{}", subcommand.get_name()),
        );
    }
    check(&files, "man");
}

#[test]
fn the_help_of_every_command_names_its_defaults() {
    let mut command = Cli::command();
    command.build();
    for subcommand in command.get_subcommands_mut() {
        if subcommand.get_name() == "help" {
            continue;
        }
        let about = subcommand.get_about().unwrap().to_string();
        assert!(
            !about.ends_with('.') && about.starts_with(char::is_uppercase),
            "{about}"
        );
        for argument in subcommand.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{} of {}",
                argument.get_id(),
                subcommand.get_name()
            );
        }
    }
}
