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
    pub host: Option<Text>,
    #[prost(message, optional, tag = "68")]
    pub email: Option<Text>,
    #[prost(message, optional, tag = "77")]
    pub docker: Option<Text>,
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

#[derive(Clone, PartialEq, prost::Message)]
pub struct TextList {
    #[prost(string, repeated, tag = "1")]
    pub value: Vec<String>,
}

/// The text of a setting; empty if it is not set.
pub fn text(setting: Option<&Text>) -> &str {
    setting.map_or("", |text| text.value.as_str())
}

/// Whether a setting is on.
pub fn flag(setting: Option<Flag>) -> bool {
    setting.is_some_and(|flag| flag.value)
}
