//! Documents and files that are passed on.

use std::path::Path;

use serde_json::value::RawValue;

use super::{Refused, Script};
use crate::api::transfer::Content;
use crate::api::{Api, Caller};
use crate::wire::graphql::rewrite::Rewrite;
use crate::wire::sdk::api::{
    DownloadFile, Given, GraphqlRequest, GraphqlResponse, Nothing, UploadFile,
};

/// Passes a document on, without what the server does not know.
pub(super) fn forward(
    api: &Api,
    request: &GraphqlRequest,
    caller: Caller<'_>,
) -> Result<Given, Refused> {
    let rewrite = Rewrite {
        omit_variables: request.omit_variables.iter().cloned().collect(),
        omit_fragments: request.omit_fragments.iter().cloned().collect(),
        omit_fields: request.omit_fields.iter().cloned().collect(),
        rename_fields: request.rename_fields.clone(),
    };
    let document = rewrite
        .apply(&request.query)
        .map_err(|error| Refused::new(format!("GraphQL: {error}")))?;
    let variables = match request.variables_json.as_str() {
        "" => "{}",
        variables => variables,
    };
    let variables: &RawValue = serde_json::from_str(variables)
        .map_err(|error| Refused::new(format!("decode GraphQL variables: {error}")))?;
    let data = api.forward(&document, variables, caller)?;
    Ok(Given::Graphql(GraphqlResponse {
        data_json: data.get().to_owned(),
    }))
}

/// Fetches a file.
pub(super) fn download(
    api: &Api,
    request: &DownloadFile,
    script: Script,
    caller: Caller<'_>,
) -> Result<Given, Refused> {
    let path = script.path(&request.path)?;
    let size = u64::try_from(request.size).ok().filter(|size| *size > 0);
    api.download(&shown(&path), &request.url, (&path, size), caller)?;
    Ok(Given::Download(Nothing {}))
}

/// Stores a file.
pub(super) fn upload(
    api: &Api,
    request: &UploadFile,
    script: Script,
    caller: Caller<'_>,
) -> Result<Given, Refused> {
    let path = script.path(&request.path)?;
    let size = path
        .metadata()
        .map_err(|error| Refused::new(format!("{}: {error}", path.display())))?
        .len();
    let headers: Vec<String> = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    let content = Content::File(&path, 0, size);
    api.put(&shown(&path), &request.url, &headers, &content, caller)?;
    Ok(Given::Upload(Nothing {}))
}

fn shown(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
