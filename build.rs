//! Packs the files of the server's pages: packed they are served, and take two fifths of the room in the program.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};

const PAGES: &str = "src/server/web";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={PAGES}");
    let root =
        PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or("no CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join(PAGES))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // What an editor leaves behind must not be served.
        let kind = name.rsplit_once('.').map(|(_, kind)| kind);
        if name.starts_with('.') || !matches!(kind, Some("js" | "css" | "html")) {
            return Err(format!("{PAGES}/{name} is no file of the pages").into());
        }
        names.push(name);
    }
    names.sort();
    let mut list = String::from("&[\n");
    for name in names {
        let packed = format!("{name}.gz");
        pack(&root.join(PAGES).join(&name), &out.join(&packed))?;
        let content = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{packed}\"))");
        writeln!(list, "    ({name:?}, {content}),")?;
    }
    list.push_str("]\n");
    fs::write(out.join("pages.rs"), list)?;
    Ok(())
}

/// The same content gives the same bytes: no time, no name.
fn pack(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    let mut writer = GzBuilder::new().write(Vec::new(), Compression::best());
    writer.write_all(&fs::read(from)?)?;
    fs::write(to, writer.finish()?)?;
    Ok(())
}
