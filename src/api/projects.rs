//! What a team has.

use serde_json::{Value, json};

use super::graphql::Operation;
use super::{Api, ApiError, Caller};

const PROJECTS: Operation = Operation::new(
    "GetProjects",
    "query GetProjects($entity: String, $cursor: String, $perPage: Int = 50) { \
models(entityName: $entity, after: $cursor, first: $perPage) { edges { node { name } } } }",
);

/// Most projects that are listed.
const LISTED: usize = 50;

impl Api {
    /// The names of a team's projects, the newest first; not more than fit a list.
    pub fn projects(&self, entity: &str, caller: Caller<'_>) -> Result<Vec<String>, ApiError> {
        let variables = json!({"entity": entity, "cursor": null, "perPage": LISTED});
        let data = self.graphql(&PROJECTS, variables, caller)?;
        let edges = data["models"]["edges"].as_array();
        let names = edges.into_iter().flatten().filter_map(|edge| {
            let name: Option<&Value> = edge["node"].get("name");
            name?.as_str().map(str::to_owned)
        });
        Ok(names.take(LISTED).collect())
    }
}
