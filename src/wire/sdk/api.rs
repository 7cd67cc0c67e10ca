//! Requests that scripts have for the server, and what is answered: `ApiRequest`, `ApiResponse`.
//!
//! Source: `wandb_api.proto` (wandb 0.31.0 descriptors).

use std::collections::HashMap;

/// `ServerApiInitRequest`, with the settings as they came.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ApiInit {
    #[prost(message, optional, tag = "1")]
    pub settings: Option<super::Settings>,
}

/// `ApiRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ApiRequest {
    /// Which of the connections that were begun is meant.
    #[prost(string, tag = "1")]
    pub api_id: String,
    #[prost(oneof = "Wanted", tags = "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13")]
    pub wanted: Option<Wanted>,
}

/// What is wanted of the server.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Wanted {
    #[prost(message, tag = "2")]
    History(HistoryRequest),
    #[prost(message, tag = "3")]
    Features(FeaturesRequest),
    #[prost(message, tag = "4")]
    Graphql(GraphqlRequest),
    #[prost(message, tag = "5")]
    Download(DownloadFile),
    #[prost(message, tag = "6")]
    Upload(UploadFile),
    #[prost(message, tag = "7")]
    FilesUploaded(FilesUploaded),
    #[prost(message, tag = "8")]
    StopRun(StopRun),
    #[prost(message, tag = "9")]
    Auth(AuthRequest),
    #[prost(message, tag = "10")]
    CustomChart(CustomChart),
    #[prost(message, tag = "11")]
    RunQueue(RunQueue),
    /// Not answered.
    #[prost(message, tag = "12")]
    Telemetry(Nothing),
    #[prost(message, tag = "13")]
    ConsoleLogs(ConsoleLogs),
}

/// A message whose content does not matter here.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Nothing {}

#[derive(Clone, PartialEq, prost::Message)]
pub struct FeaturesRequest {
    #[prost(oneof = "FeaturesOf", tags = "1, 2")]
    pub of: Option<FeaturesOf>,
}

/// Whose features are asked for.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum FeaturesOf {
    #[prost(message, tag = "1")]
    Server(ServerFeatures),
    #[prost(message, tag = "2")]
    Organization(OrganizationFeatures),
}

/// Numbers of `ServerFeature`; [`feature_name`] names them.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ServerFeatures {
    #[prost(int32, repeated, tag = "1")]
    pub features: Vec<i32>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct OrganizationFeatures {
    #[prost(string, tag = "1")]
    pub org: String,
    #[prost(string, repeated, tag = "2")]
    pub features: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct GraphqlRequest {
    #[prost(string, tag = "1")]
    pub query: String,
    #[prost(string, tag = "2")]
    pub variables_json: String,
    #[prost(string, repeated, tag = "3")]
    pub omit_variables: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    pub omit_fragments: Vec<String>,
    #[prost(string, repeated, tag = "5")]
    pub omit_fields: Vec<String>,
    #[prost(map = "string, string", tag = "6")]
    pub rename_fields: HashMap<String, String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct DownloadFile {
    #[prost(string, tag = "1")]
    pub path: String,
    #[prost(string, tag = "2")]
    pub url: String,
    /// Its size in bytes; 0 if it is not known.
    #[prost(int64, tag = "3")]
    pub size: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct UploadFile {
    #[prost(string, tag = "1")]
    pub path: String,
    #[prost(string, tag = "2")]
    pub url: String,
    #[prost(map = "string, string", tag = "3")]
    pub headers: HashMap<String, String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct FilesUploaded {
    #[prost(string, tag = "1")]
    pub entity: String,
    #[prost(string, tag = "2")]
    pub project: String,
    #[prost(string, tag = "3")]
    pub run_id: String,
    #[prost(string, repeated, tag = "4")]
    pub files: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct StopRun {
    #[prost(string, tag = "1")]
    pub storage_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct AuthRequest {
    #[prost(oneof = "AuthWanted", tags = "1, 2")]
    pub wanted: Option<AuthWanted>,
}

#[derive(Clone, Copy, PartialEq, prost::Oneof)]
pub enum AuthWanted {
    #[prost(message, tag = "1")]
    Authenticate(Nothing),
    #[prost(message, tag = "2")]
    AccessToken(Nothing),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct CustomChart {
    #[prost(string, tag = "1")]
    pub entity: String,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(string, tag = "3")]
    pub display_name: String,
    #[prost(string, tag = "4")]
    pub spec_type: String,
    #[prost(string, tag = "5")]
    pub access: String,
    #[prost(string, tag = "6")]
    pub spec: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct RunQueue {
    #[prost(oneof = "RunQueueOperation", tags = "1, 2, 3")]
    pub operation: Option<RunQueueOperation>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum RunQueueOperation {
    #[prost(message, tag = "1")]
    CreateDefaultResourceConfig(CreateDefaultResourceConfig),
    #[prost(message, tag = "2")]
    Create(CreateRunQueue),
    #[prost(message, tag = "3")]
    Upsert(UpsertRunQueue),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct CreateDefaultResourceConfig {
    #[prost(string, tag = "1")]
    pub entity_name: String,
    #[prost(string, tag = "2")]
    pub resource: String,
    #[prost(string, tag = "3")]
    pub config: String,
    #[prost(string, optional, tag = "4")]
    pub template_variables: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct CreateRunQueue {
    #[prost(string, tag = "1")]
    pub entity: String,
    #[prost(string, tag = "2")]
    pub project: String,
    #[prost(string, tag = "3")]
    pub queue_name: String,
    #[prost(string, tag = "4")]
    pub access: String,
    #[prost(string, optional, tag = "5")]
    pub prioritization_mode: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub default_resource_config_id: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct UpsertRunQueue {
    #[prost(string, tag = "1")]
    pub entity_name: String,
    #[prost(string, tag = "2")]
    pub project_name: String,
    #[prost(string, tag = "3")]
    pub queue_name: String,
    #[prost(string, tag = "4")]
    pub resource_type: String,
    #[prost(string, tag = "5")]
    pub resource_config: String,
    #[prost(string, optional, tag = "6")]
    pub template_variables: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub prioritization_mode: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub external_links: Option<String>,
    #[prost(string, optional, tag = "9")]
    pub client_mutation_id: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ConsoleLogs {
    #[prost(string, tag = "1")]
    pub entity: String,
    #[prost(string, tag = "2")]
    pub project: String,
    #[prost(string, tag = "3")]
    pub run_id: String,
    #[prost(int32, optional, tag = "4")]
    pub first: Option<i32>,
    #[prost(string, optional, tag = "5")]
    pub after: Option<String>,
    #[prost(int32, optional, tag = "6")]
    pub last: Option<i32>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoryRequest {
    #[prost(oneof = "HistoryWanted", tags = "1, 2, 3, 4, 5, 6")]
    pub wanted: Option<HistoryWanted>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum HistoryWanted {
    #[prost(message, tag = "1")]
    ScanInit(ScanInit),
    #[prost(message, tag = "2")]
    Scan(Scan),
    #[prost(message, tag = "3")]
    ScanCleanup(RequestId),
    #[prost(message, tag = "4")]
    DownloadInit(DownloadInit),
    #[prost(message, tag = "5")]
    Download(RequestId),
    #[prost(message, tag = "6")]
    DownloadStatus(RequestId),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ScanInit {
    #[prost(string, tag = "1")]
    pub entity: String,
    #[prost(string, tag = "2")]
    pub project: String,
    #[prost(string, tag = "3")]
    pub run_id: String,
    /// Only rows that have all of them; none stands for all rows, whole.
    #[prost(string, repeated, tag = "4")]
    pub keys: Vec<String>,
}

/// Rows from `min_step` to before `max_step`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Scan {
    #[prost(int64, tag = "1")]
    pub min_step: i64,
    #[prost(int64, tag = "2")]
    pub max_step: i64,
    #[prost(int32, tag = "3")]
    pub request_id: i32,
}

/// A scan or download that was begun.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct RequestId {
    #[prost(int32, tag = "1")]
    pub request_id: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct DownloadInit {
    #[prost(string, tag = "1")]
    pub entity: String,
    #[prost(string, tag = "2")]
    pub project: String,
    #[prost(string, tag = "3")]
    pub run_id: String,
    #[prost(string, tag = "4")]
    pub download_dir: String,
    #[prost(bool, tag = "5")]
    pub require_complete_history: bool,
}

/// `ApiResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ApiResponse {
    #[prost(oneof = "Given", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12")]
    pub given: Option<Given>,
}

/// What is answered.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Given {
    #[prost(message, tag = "1")]
    History(HistoryResponse),
    #[prost(message, tag = "2")]
    Error(ApiErrorResponse),
    #[prost(message, tag = "3")]
    Features(FeaturesResponse),
    #[prost(message, tag = "4")]
    Graphql(GraphqlResponse),
    #[prost(message, tag = "5")]
    Download(Nothing),
    #[prost(message, tag = "6")]
    Upload(Nothing),
    #[prost(message, tag = "7")]
    FilesUploaded(Nothing),
    #[prost(message, tag = "8")]
    StopRun(Nothing),
    #[prost(message, tag = "9")]
    Auth(AuthResponse),
    #[prost(message, tag = "10")]
    CustomChart(ChartId),
    #[prost(message, tag = "11")]
    RunQueue(RunQueueResponse),
    #[prost(message, tag = "12")]
    ConsoleLogs(ConsoleLogsResponse),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ApiErrorResponse {
    #[prost(string, tag = "1")]
    pub message: String,
    /// 1: some of the history is not exported yet.
    #[prost(int32, optional, tag = "2")]
    pub error_type: Option<i32>,
    /// 0: there was no answer with a status.
    #[prost(int32, tag = "3")]
    pub http_status: i32,
}

/// `ErrorType.INCOMPLETE_RUN_HISTORY_ERROR`.
pub const INCOMPLETE_HISTORY: i32 = 1;

#[derive(Clone, PartialEq, prost::Message)]
pub struct FeaturesResponse {
    #[prost(oneof = "FeaturesGiven", tags = "1, 2")]
    pub given: Option<FeaturesGiven>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum FeaturesGiven {
    #[prost(message, tag = "1")]
    Server(ServerFeatures),
    #[prost(message, tag = "2")]
    Organization(OrganizationFlags),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct OrganizationFlags {
    #[prost(map = "string, bool", tag = "1")]
    pub features: HashMap<String, bool>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct GraphqlResponse {
    #[prost(string, tag = "1")]
    pub data_json: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct AuthResponse {
    #[prost(oneof = "AuthGiven", tags = "1, 2")]
    pub given: Option<AuthGiven>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum AuthGiven {
    #[prost(message, tag = "1")]
    Account(Account),
    #[prost(message, tag = "2")]
    AccessToken(AccessToken),
}

/// `AuthenticateResponse`: whose the credentials are.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Account {
    #[prost(string, tag = "1")]
    pub default_entity: String,
    #[prost(string, tag = "2")]
    pub username: String,
    #[prost(string, tag = "3")]
    pub email: String,
    #[prost(string, repeated, tag = "4")]
    pub teams: Vec<String>,
    #[prost(string, tag = "5")]
    pub flags_json: String,
}

/// Empty unless the credentials are an identity token.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AccessToken {
    #[prost(string, tag = "1")]
    pub access_token: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ChartId {
    #[prost(string, tag = "1")]
    pub chart_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct RunQueueResponse {
    #[prost(oneof = "RunQueueGiven", tags = "1, 2, 3")]
    pub given: Option<RunQueueGiven>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum RunQueueGiven {
    #[prost(message, tag = "1")]
    CreateDefaultResourceConfig(SuccessWithId),
    #[prost(message, tag = "2")]
    Create(SuccessWithId),
    #[prost(message, tag = "3")]
    Upsert(SuccessWithErrors),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct SuccessWithId {
    #[prost(bool, tag = "1")]
    pub success: bool,
    #[prost(string, tag = "2")]
    pub id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct SuccessWithErrors {
    #[prost(bool, tag = "1")]
    pub success: bool,
    #[prost(string, repeated, tag = "2")]
    pub config_schema_validation_errors: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ConsoleLogsResponse {
    #[prost(message, repeated, tag = "1")]
    pub lines: Vec<ConsoleLine>,
    #[prost(string, tag = "2")]
    pub end_cursor: String,
    #[prost(bool, tag = "3")]
    pub has_next_page: bool,
    #[prost(int64, tag = "4")]
    pub total_lines: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ConsoleLine {
    #[prost(int64, tag = "1")]
    pub number: i64,
    #[prost(string, tag = "2")]
    pub timestamp: String,
    #[prost(string, tag = "3")]
    pub level: String,
    #[prost(string, tag = "4")]
    pub label: String,
    #[prost(string, tag = "5")]
    pub content: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoryResponse {
    #[prost(oneof = "HistoryGiven", tags = "1, 2, 3, 4, 5, 6")]
    pub given: Option<HistoryGiven>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum HistoryGiven {
    #[prost(message, tag = "1")]
    ScanInit(RequestId),
    #[prost(message, tag = "2")]
    Rows(HistoryRows),
    #[prost(message, tag = "3")]
    ScanCleanup(Nothing),
    #[prost(message, tag = "4")]
    DownloadInit(DownloadBegun),
    #[prost(message, tag = "5")]
    Download(Downloaded),
    #[prost(message, tag = "6")]
    DownloadStatus(DownloadStatus),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoryRows {
    #[prost(message, repeated, tag = "1")]
    pub history_rows: Vec<HistoryRow>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoryRow {
    #[prost(message, repeated, tag = "1")]
    pub history_items: Vec<RowItem>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct RowItem {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "16")]
    pub value_json: String,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct DownloadBegun {
    #[prost(int32, tag = "1")]
    pub request_id: i32,
    #[prost(bool, tag = "2")]
    pub contains_live_data: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Downloaded {
    #[prost(string, repeated, tag = "1")]
    pub downloaded_files: Vec<String>,
    #[prost(map = "string, string", tag = "2")]
    pub errors: HashMap<String, String>,
}

/// Without details of the progress.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct DownloadStatus {
    #[prost(message, optional, tag = "1")]
    pub operation_stats: Option<Nothing>,
}

/// Names of `ServerFeature`, from number 1 on; the empty ones are not used any more. Source: `wandb_internal.proto`.
const FEATURES: [&str; 38] = [
    "ARTIFACT_TAGS",
    "CLIENT_IDS",
    "ARTIFACT_REGISTRY_SEARCH",
    "STRUCTURED_CONSOLE_LOGS",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "",
    "AUTOMATION_EVENT_RUN_METRIC",
    "AUTOMATION_EVENT_RUN_METRIC_CHANGE",
    "AUTOMATION_ACTION_NO_OP",
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "LARGE_FILENAMES",
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID",
    "AUTOMATION_EVENT_RUN_METRIC_ZSCORE",
    "AUTOMATION_EVENT_RUN_STATE",
    "AUTOMATION_ACTION_PUSH_NOTIFICATION",
    "AUTOMATION_EVENT_ADD_ARTIFACT_TAG",
    "AUTOMATION_EVENT_ADD_COLLECTION_TAG",
    "AUTOMATION_EVENT_REMOVE_ARTIFACT_TAG",
    "AUTOMATION_EVENT_REMOVE_COLLECTION_TAG",
    "AUTOMATION_EVENT_UNLINK_ARTIFACT",
    "AUTOMATIONS_ON_USER",
    "AUTOMATION_LAST_EXECUTED_AT",
    "MARK_RUN_FILES_UPLOADED",
    "SWEEPS_QUERY_FILTERING",
    "AUTOMATION_SCOPE_ENTITY",
    "QUERY_AUTOMATIONS_ON_ENTITY",
    "AUTOMATIONS_ON_ORGANIZATION",
    "FILESTREAM_GZIP",
    "SWEEPS_LOCAL_SCHEDULER",
    "ARTIFACT_DIGEST_ALGORITHM",
    "AUTOMATION_ACTION_ARIA",
    "EVAL_TABLES_CES",
];

/// The name of a feature of servers; `None` for one that is newer than this table.
pub fn feature_name(number: i32) -> Option<&'static str> {
    let place = usize::try_from(number).ok()?.checked_sub(1)?;
    FEATURES.get(place).copied().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_have_names() {
        assert_eq!(feature_name(1), Some("ARTIFACT_TAGS"));
        assert_eq!(feature_name(36), Some("ARTIFACT_DIGEST_ALGORITHM"));
        for unknown in [-1, 0, 8, 39, i32::MAX, i32::MIN] {
            assert_eq!(feature_name(unknown), None, "{unknown}");
        }
    }
}
