//! `wandb-rs status`.

use std::path::PathBuf;

use console::Style;
use serde_json::{Map, Value, json};

use crate::cli::account::StatusArgs;
use crate::cmd::account::Account;
use crate::error::Error;
use crate::settings::{Mode, Settings};

/// Prints the settings that hold here, and whether there are credentials.
pub fn exec(args: &StatusArgs) -> Result<(), Error> {
    let account = Account::read()?;
    let settings = &account.settings;
    let server = &settings.network.server;
    let origins = account.sources.origins();
    let mode = match settings.mode {
        Mode::Online => "online",
        Mode::Offline => "offline",
        Mode::Disabled => "disabled",
    };
    let origin = |setting: &str| {
        let mut origins = origins.iter();
        let found = origins.find(|(name, _)| name == setting);
        found.map(|(_, origin)| origin.as_str())
    };
    let (source, problem) = match account.find(server) {
        Ok(found) => (found.map(|(_, source)| source.to_string()), None),
        // Without the program's name and the hint.
        Err(error) => (None, Some(error.message().to_owned())),
    };
    if args.json {
        let mut whole = Map::new();
        if !args.no_settings {
            whole.insert("settings".to_owned(), official(settings));
        }
        whole.insert(
            "login".to_owned(),
            json!({
                "server": server.base(),
                "app": server.app(),
                "source": source,
                "error": problem,
            }),
        );
        whole.insert(
            "mode".to_owned(),
            json!({"value": mode, "origin": origin("mode")}),
        );
        let origins = origins
            .iter()
            .map(|(name, origin)| (name.clone(), json!(origin)));
        whole.insert("origins".to_owned(), Value::Object(origins.collect()));
        return super::print(&format!("{:#}\n", Value::Object(whole)));
    }
    let bold = |text: &str| {
        let style = Style::new().bold().force_styling(console::colors_enabled());
        style.apply_to(text).to_string()
    };
    let mut text = String::new();
    if !args.no_settings {
        text.push_str(&bold("Current Settings"));
        text.push_str(&format!("\n{:#}\n", official(settings)));
    }
    text.push_str(&bold("Login"));
    text.push_str(&match (&source, &problem) {
        (Some(source), _) => format!("\n  {}: credentials from {source}\n", server.base()),
        (None, Some(problem)) => format!("\n  {}: {problem}\n", server.base()),
        (None, None) => format!("\n  {}: not logged in\n", server.base()),
    });
    text.push_str(&bold("Mode"));
    text.push_str(&format!(
        "\n  {mode}, {}\n",
        origin("mode").map_or("which is the default".to_owned(), |origin| format!(
            "from {origin}"
        ))
    ));
    if !origins.is_empty() {
        text.push_str(&bold("Where settings come from"));
        text.push('\n');
        let width = origins.iter().map(|(name, _)| name.len()).max();
        for (name, origin) in &origins {
            text.push_str(&format!(
                "  {name:width$}  {origin}\n",
                width = width.unwrap_or(0)
            ));
        }
    }
    super::print(&text)
}

/// The members that the official client shows.
fn official(settings: &Settings) -> Value {
    let network = &settings.network;
    let entity = Some(&settings.entity).filter(|entity| !entity.is_empty());
    json!({
        "base_url": network.server.base(),
        "entity": entity,
        "git_remote": settings.git_remote,
        "ignore_globs": network.ignore_globs,
        "organization": network.organization,
        "project": settings.project,
        // Without the `/` that joining paths may leave at the end.
        "root_dir": settings.root_dir.components().collect::<PathBuf>(),
    })
}
