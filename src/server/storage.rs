//! Content on its way in and out: what a signed address is about, and where it goes.

use std::path::PathBuf;

use super::blobs::{Blobs, Stored, Upload};
use super::links::Target;
use super::meta::{artifacts, files, runs};
use super::{Failure, Server, now};

/// The longest name of a file.
const LONGEST_NAME: usize = 4096;

impl Server {
    /// Begins to take content in for a target.
    pub(crate) fn begin_upload(&self) -> Result<Upload, Failure> {
        Ok(self.blobs.begin()?)
    }

    /// Content for a target has arrived; `wanted` is the digest that the client says it has (base64).
    pub(crate) fn finish_upload(
        &self,
        target: &Target,
        upload: Upload,
        wanted: Option<&str>,
    ) -> Result<Stored, Failure> {
        let arrived = super::graphql::base64_of(&upload.md5());
        if wanted.is_some_and(|wanted| wanted != arrived) {
            return Err(Failure::Invalid(
                "the content does not have the digest that Content-MD5 says".to_owned(),
            ));
        }
        match target {
            Target::RunFile { run, name } => self.store_file(*run, name, upload),
            Target::ArtifactFile { md5, .. } => {
                if upload.md5() != *md5 {
                    return Err(Failure::Invalid(
                        "the content is not that of the artifact's manifest".to_owned(),
                    ));
                }
                Ok(self.blobs.keep(upload)?)
            }
            Target::Part { upload: id, number } => {
                let directory = self
                    .blobs
                    .parts(id)
                    .ok_or_else(|| Failure::NotFound("upload".to_owned()))?;
                Ok(Blobs::keep_part(&directory, *number, upload)?)
            }
            Target::Manifest { id } => {
                let _kept = self.keep_content();
                let stored = self.blobs.keep(upload)?;
                let is_wanted = self
                    .meta
                    .write(|db| artifacts::store_manifest(db, *id, &stored.md5, stored.size))?;
                if is_wanted {
                    Ok(stored)
                } else {
                    Err(Failure::NotFound(
                        "an artifact that waits for this manifest was".to_owned(),
                    ))
                }
            }
            Target::Blob { .. } => {
                Err(Failure::Invalid("this address is for downloads".to_owned()))
            }
        }
    }

    fn store_file(&self, run: i64, name: &str, upload: Upload) -> Result<Stored, Failure> {
        let kept = self.keep_content();
        let stored = self.blobs.keep(upload)?;
        let (run, before) = self.meta.write(|db| {
            let found = runs::by_id(db, run)?.ok_or_else(|| Failure::NotFound("run".to_owned()))?;
            let before = files::find(db, run, name)?;
            files::store(db, run, name, &stored.md5, stored.size, now())?;
            Ok::<_, Failure>((found, before))
        })?;
        drop(kept);
        if let Some(before) = before.filter(|before| before.md5 != stored.md5) {
            self.sweep_blobs(&[before.md5])?;
        }
        let path = self.path_of(&run)?;
        self.changed(&path.entity, &path.project, &path.run, "files");
        Ok(stored)
    }

    /// The file of stored content.
    pub(crate) fn content(&self, md5: &str) -> Result<PathBuf, Failure> {
        let path = self.blobs.path(md5).filter(|path| path.is_file());
        path.ok_or_else(|| Failure::NotFound("content".to_owned()))
    }
}

/// A file's name as it is stored: without `.` and empty parts. Empty if it would lead out of the run.
pub(crate) fn normal_name(name: &str) -> String {
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.contains(&"..") || name.contains('\0') || name.len() > LONGEST_NAME {
        return String::new();
    }
    parts.join("/")
}

/// What kind of content a file has, by the end of its name.
pub(crate) fn mime_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "bmp" => "image/bmp",
        "svg" => "image/svg+xml",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "flac" => "audio/flac",
        "json" => "application/json",
        "html" | "htm" => "text/html",
        "css" => "text/css",
        "js" => "text/javascript",
        "txt" | "log" | "py" | "md" | "csv" | "diff" | "patch" | "sh" | "toml" | "ini" => {
            "text/plain"
        }
        "yaml" | "yml" => "text/yaml",
        "pdf" => "application/pdf",
        "gz" => "application/gzip",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// Whether a browser may show such content by itself: what can hold scripts is handed out as a download.
pub(crate) fn is_harmless(mime_type: &str) -> bool {
    mime_type != "image/svg+xml"
        && (mime_type.starts_with("image/")
            || mime_type.starts_with("audio/")
            || mime_type.starts_with("video/")
            || matches!(mime_type, "text/plain" | "text/yaml" | "application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_never_lead_out_of_their_run() {
        assert_eq!(normal_name("./a b.txt"), "a b.txt");
        assert_eq!(normal_name("/media//images/./x.png"), "media/images/x.png");
        assert_eq!(normal_name("a/../../etc/passwd"), "");
        assert_eq!(normal_name(".."), "");
        assert_eq!(normal_name("a\0b"), "");
    }

    #[test]
    fn what_can_hold_scripts_is_not_shown() {
        for name in ["a.html", "a.svg", "a.js", "a.pdf", "a.unknown"] {
            assert!(!is_harmless(mime_type(name)), "{name}");
        }
        for name in ["a.PNG", "output.log", "config.yaml", "a.json", "b.mp4"] {
            assert!(is_harmless(mime_type(name)), "{name}");
        }
    }
}
