//! `wandb-rs ui`: the pages of the server over run directories.

use std::path::Path;

use super::local;
use super::run::report;
use super::server::cannot_listen;
use crate::cli::server::UiArgs;
use crate::error::Error;
use crate::server::{Bind, LocalRuns, Place, ServeError, Socket};
use crate::store::runs;

/// Carries the command out.
pub fn exec(args: &UiArgs) -> Result<(), Error> {
    let dir = args.dir.as_deref();
    let place = place_of(dir)?;
    let (Place::Directory(path) | Place::Run(path)) = &place;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let cwd = std::env::current_dir().unwrap_or_default();
    let shown_as = report::shown(&path, &cwd);
    let is_one = matches!(place, Place::Run(_));
    let socket = Socket::bind(&bind_of(args)).map_err(|error| refused(&error))?;
    let runs = LocalRuns::open(place, path.display().to_string());
    let what = match runs.count() {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    };
    let page = runs.newest_page().filter(|_| is_one);
    let listening = socket.for_source(runs);
    let mut address = listening
        .enter_url()
        .unwrap_or_else(|| listening.url().to_owned());
    if let Some(page) = page {
        // A name that is percent-encoded in the page's address is so once more within this one.
        address.push_str(&format!("&to={}", page.replace('%', "%25")));
    }
    let told = format!("Pages of {what} in {shown_as}: {address}\nPress Ctrl-C to end.\n");
    let ran = listening.run(|_| {
        // Whoever does not read it does not want to know.
        let _ = super::print(&told);
    });
    ran.map_err(|error| refused(&error))
}

/// Where the runs are: what was named, found as `ls` finds it, or one run.
fn place_of(dir: Option<&Path>) -> Result<Place, Error> {
    match dir {
        Some(path) if runs::is_run(path) => Ok(Place::Run(path.to_owned())),
        Some(path) if path.is_file() => {
            runs::find(&[path.to_owned()])?;
            Ok(Place::Run(path.to_owned()))
        }
        _ => Ok(Place::Directory(local::all(dir)?.0)),
    }
}

fn bind_of(args: &UiArgs) -> Bind {
    Bind {
        host: args.host.clone(),
        port: args.port,
        tls: None,
        allow_plain: args.allow_plain,
        public_url: None,
        hosts: args.allow_host.clone(),
    }
}

fn refused(error: &ServeError) -> Error {
    match error {
        ServeError::Plain(_) => Error::new(error.to_string())
            .hint("give --allow-plain if the network is yours, or forward a port: `ssh -L`"),
        _ => cannot_listen(error),
    }
}
