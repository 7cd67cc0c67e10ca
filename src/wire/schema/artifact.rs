//! Artifacts, as the log holds them.

use prost::Message;

/// An artifact of the run, with copies of its files beside it. `finalize` is true unless more of it is to come.
#[derive(Clone, PartialEq, Message)]
pub struct ArtifactRecord {
    #[prost(string, tag = "1")]
    pub run_id: String,
    #[prost(string, tag = "2")]
    pub project: String,
    #[prost(string, tag = "3")]
    pub entity: String,
    #[prost(string, tag = "4")]
    pub artifact_type: String,
    /// Without version.
    #[prost(string, tag = "5")]
    pub name: String,
    /// Hexadecimal digest of the manifest.
    #[prost(string, tag = "6")]
    pub digest: String,
    #[prost(string, tag = "7")]
    pub description: String,
    /// JSON text.
    #[prost(string, tag = "8")]
    pub metadata: String,
    /// The artifact was not made by this run.
    #[prost(bool, tag = "9")]
    pub user_created: bool,
    #[prost(bool, tag = "10")]
    pub use_after_commit: bool,
    #[prost(string, repeated, tag = "11")]
    pub aliases: Vec<String>,
    #[prost(message, optional, tag = "12")]
    pub manifest: Option<ArtifactManifest>,
    #[prost(string, tag = "13")]
    pub distributed_id: String,
    #[prost(bool, tag = "14")]
    pub finalize: bool,
    #[prost(string, tag = "15")]
    pub client_id: String,
    #[prost(string, tag = "16")]
    pub sequence_client_id: String,
    #[prost(string, tag = "17")]
    pub base_id: String,
    #[prost(int64, tag = "18")]
    pub ttl_duration_seconds: i64,
    #[prost(string, repeated, tag = "19")]
    pub tags: Vec<String>,
    /// `MANIFEST_MD5` or `MANIFEST_XXH128`.
    #[prost(string, tag = "20")]
    pub digest_algorithm: String,
    #[prost(bool, tag = "100")]
    pub incremental: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct ArtifactManifest {
    #[prost(int32, tag = "1")]
    pub version: i32,
    #[prost(string, tag = "2")]
    pub storage_policy: String,
    #[prost(message, repeated, tag = "3")]
    pub storage_policy_config: Vec<JsonItem>,
    #[prost(message, repeated, tag = "4")]
    pub contents: Vec<ArtifactManifestEntry>,
    /// In place of `contents` if there are very many: a gzip file of JSON lines.
    #[prost(string, tag = "5")]
    pub manifest_file_path: String,
}

/// A key and its JSON text.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct JsonItem {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "2")]
    pub value_json: String,
}

/// A file of an artifact, or a reference to one elsewhere.
#[derive(Clone, PartialEq, Message)]
pub struct ArtifactManifestEntry {
    #[prost(string, tag = "1")]
    pub path: String,
    /// Base64 of the file's MD5, or what a reference has in place of one.
    #[prost(string, tag = "2")]
    pub digest: String,
    #[prost(string, tag = "3")]
    pub reference: String,
    /// Bytes.
    #[prost(int64, tag = "4")]
    pub size: i64,
    #[prost(string, tag = "5")]
    pub mimetype: String,
    /// Where a copy of the file lies on this machine.
    #[prost(string, tag = "6")]
    pub local_path: String,
    #[prost(string, tag = "7")]
    pub birth_artifact_id: String,
    #[prost(bool, tag = "8")]
    pub skip_cache: bool,
    #[prost(message, repeated, tag = "16")]
    pub extra: Vec<JsonItem>,
}
