//! What the SDK tells of its settings. Source: `wandb_settings.proto`.

/// The settings that matter here, by their official names.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Settings {
    #[prost(message, optional, tag = "1")]
    pub args: Option<TextList>,
    #[prost(message, optional, tag = "13")]
    pub executable: Option<Text>,
    #[prost(message, optional, tag = "30")]
    pub offline: Option<Flag>,
    #[prost(message, optional, tag = "32")]
    pub os: Option<Text>,
    #[prost(message, optional, tag = "34")]
    pub python: Option<Text>,
    #[prost(message, optional, tag = "41")]
    pub start_time: Option<Number>,
    #[prost(message, optional, tag = "60")]
    pub console: Option<Text>,
    #[prost(message, optional, tag = "67")]
    pub docker: Option<Text>,
    #[prost(message, optional, tag = "68")]
    pub email: Option<Text>,
    #[prost(message, optional, tag = "77")]
    pub host: Option<Text>,
    #[prost(message, optional, tag = "79")]
    pub init_timeout: Option<Number>,
    #[prost(message, optional, tag = "95")]
    pub program: Option<Text>,
    #[prost(message, optional, tag = "96")]
    pub program_relpath: Option<Text>,
    #[prost(message, optional, tag = "99")]
    pub quiet: Option<Flag>,
    #[prost(message, optional, tag = "102")]
    pub resume: Option<Text>,
    #[prost(message, optional, tag = "105")]
    pub root_dir: Option<Text>,
    #[prost(message, optional, tag = "107")]
    pub run_id: Option<Text>,
    #[prost(message, optional, tag = "115")]
    pub save_code: Option<Flag>,
    #[prost(message, optional, tag = "123")]
    pub silent: Option<Flag>,
    #[prost(message, optional, tag = "133")]
    pub sync_dir: Option<Text>,
    #[prost(message, optional, tag = "134")]
    pub sync_file: Option<Text>,
    #[prost(message, optional, tag = "141")]
    pub username: Option<Text>,
    #[prost(message, optional, tag = "159")]
    pub program_abspath: Option<Text>,
    #[prost(message, optional, tag = "191")]
    pub skip_transaction_log: Option<Flag>,
    #[prost(message, optional, tag = "7")]
    pub disable_meta: Option<Flag>,
    #[prost(message, optional, tag = "14")]
    pub x_extra_http_headers: Option<TextMap>,
    #[prost(message, optional, tag = "55")]
    pub api_key: Option<Hidden>,
    #[prost(message, optional, tag = "57")]
    pub base_url: Option<Text>,
    #[prost(message, optional, tag = "150")]
    pub x_file_transfer_retry_max: Option<Count>,
    #[prost(message, optional, tag = "151")]
    pub x_file_transfer_retry_wait_min_seconds: Option<Number>,
    #[prost(message, optional, tag = "152")]
    pub x_file_transfer_retry_wait_max_seconds: Option<Number>,
    #[prost(message, optional, tag = "153")]
    pub x_file_transfer_timeout_seconds: Option<Number>,
    #[prost(message, optional, tag = "15")]
    pub x_file_stream_timeout_seconds: Option<Number>,
    #[prost(message, optional, tag = "147")]
    pub x_file_stream_retry_max: Option<Count>,
    #[prost(message, optional, tag = "148")]
    pub x_file_stream_retry_wait_min_seconds: Option<Number>,
    #[prost(message, optional, tag = "149")]
    pub x_file_stream_retry_wait_max_seconds: Option<Number>,
    #[prost(message, optional, tag = "154")]
    pub x_graphql_retry_max: Option<Count>,
    #[prost(message, optional, tag = "155")]
    pub x_graphql_retry_wait_min_seconds: Option<Number>,
    #[prost(message, optional, tag = "156")]
    pub x_graphql_retry_wait_max_seconds: Option<Number>,
    #[prost(message, optional, tag = "157")]
    pub x_graphql_timeout_seconds: Option<Number>,
    #[prost(message, optional, tag = "168")]
    pub http_proxy: Option<Hidden>,
    #[prost(message, optional, tag = "169")]
    pub https_proxy: Option<Hidden>,
    #[prost(message, optional, tag = "175")]
    pub x_file_stream_transmit_interval: Option<Number>,
    #[prost(message, optional, tag = "10")]
    pub x_disable_stats: Option<Flag>,
    #[prost(message, optional, tag = "174")]
    pub x_stats_sampling_interval: Option<Number>,
    #[prost(message, optional, tag = "183")]
    pub x_update_finish_state: Option<Flag>,
    #[prost(message, optional, tag = "208")]
    pub x_file_stream_no_gzip: Option<Flag>,
    #[prost(message, optional, tag = "206")]
    pub finish_timeout: Option<Number>,
    #[prost(message, optional, tag = "78")]
    pub ignore_globs: Option<TextList>,
    #[prost(message, optional, tag = "170")]
    pub identity_token_file: Option<Text>,
    #[prost(message, optional, tag = "171")]
    pub credentials_file: Option<Text>,
    #[prost(message, optional, tag = "185")]
    pub insecure_disable_ssl: Option<Flag>,
    #[prost(message, optional, tag = "188")]
    pub organization: Option<Text>,
    #[prost(message, optional, tag = "202")]
    pub app_url: Option<Text>,
}

/// `google.protobuf.StringValue`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Text {
    #[prost(string, tag = "1")]
    pub value: String,
}

/// `google.protobuf.BoolValue`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Flag {
    #[prost(bool, tag = "1")]
    pub value: bool,
}

/// `google.protobuf.DoubleValue`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Number {
    #[prost(double, tag = "1")]
    pub value: f64,
}

/// `google.protobuf.Int32Value`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Count {
    #[prost(int32, tag = "1")]
    pub value: i32,
}

/// A text that is never shown: a key, or an address that may hold a password.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub struct Hidden {
    #[prost(string, tag = "1")]
    pub value: String,
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct TextList {
    #[prost(string, repeated, tag = "1")]
    pub value: Vec<String>,
}

/// Texts by name; as they may hold a password, they are not shown.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub struct TextMap {
    #[prost(btree_map = "string, string", tag = "1")]
    pub value: std::collections::BTreeMap<String, String>,
}

impl std::fmt::Debug for TextMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.value.keys()).finish()
    }
}

/// The text of a setting; empty if it is not set.
pub fn text(setting: Option<&Text>) -> &str {
    setting.map_or("", |text| text.value.as_str())
}

/// Whether a setting is on.
pub fn flag(setting: Option<Flag>) -> bool {
    setting.is_some_and(|flag| flag.value)
}
