//! Whose a key is, and what its server can do.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::Refused;
use crate::api::graphql::Operation;
use crate::api::{Api, ApiError, Caller};
use crate::wire::sdk::api::{
    AccessToken, Account, AuthGiven, AuthRequest, AuthResponse, AuthWanted, FeaturesGiven,
    FeaturesOf, FeaturesRequest, FeaturesResponse, Given, OrganizationFlags, ServerFeatures,
    feature_name,
};

/// How long a script waits to hear whose its key is: the SDK gives up after 5 s, and asks once more.
pub(super) const PATIENCE: Duration = Duration::from_millis(4500);
/// How long where the wrapper can answer in the server's place.
const SHORT: Duration = Duration::from_secs(1);

const ORGANIZATION_FLAGS: Operation = Operation::new(
    "OrgFeatureFlags",
    "query OrgFeatureFlags($org: String!) { organization(name: $org) { \
featureFlags(rampIDType: OrgName) { rampKey isEnabled } } }",
);

/// Whose the credentials are. `own` is the entity of the wrapper's run, if the server is that of the wrapper: a server
/// that does not answer soon costs the script no more time, and the run's upload tells about it.
pub(super) fn authenticate(
    api: &Api,
    request: &AuthRequest,
    own: Option<&str>,
    caller: Caller<'_>,
) -> Result<Given, Refused> {
    let given = match request.wanted {
        Some(AuthWanted::Authenticate(_)) => AuthGiven::Account(account(api, own, caller)?),
        Some(AuthWanted::AccessToken(_)) => {
            let access_token = api.bearer(caller).map_err(Refused::from)?;
            AuthGiven::AccessToken(AccessToken {
                access_token: access_token
                    .map_or_else(String::new, |token| token.expose().to_owned()),
            })
        }
        None => return Err(Refused::new("unsupported auth request")),
    };
    Ok(Given::Auth(AuthResponse { given: Some(given) }))
}

fn account(api: &Api, own: Option<&str>, caller: Caller<'_>) -> Result<Account, Refused> {
    let caller = match own {
        Some(_) => caller.until(std::time::Instant::now() + SHORT),
        None => caller,
    };
    match (api.viewer(caller), own) {
        (Ok(Some(viewer)), _) => Ok(Account {
            default_entity: viewer.entity,
            username: viewer.username,
            email: viewer.email,
            teams: viewer.teams,
            flags_json: viewer.flags,
        }),
        (Ok(None), _) => Err(Refused::new(
            "invalid credentials: the server did not recognize an account for the configured credentials",
        )),
        (Err(ApiError::Unreachable { .. } | ApiError::Answer { .. }), Some(entity)) => {
            Ok(Account {
                default_entity: entity.to_owned(),
                username: entity.to_owned(),
                ..Account::default()
            })
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// Which of some features the server has.
pub(super) fn features(
    api: &Api,
    request: &FeaturesRequest,
    caller: Caller<'_>,
) -> Result<Given, Refused> {
    let given = match &request.of {
        Some(FeaturesOf::Server(server)) => {
            let enabled = server.features.iter().copied().filter(|number| {
                feature_name(*number).is_some_and(|name| api.has_feature(name, caller))
            });
            FeaturesGiven::Server(ServerFeatures {
                features: enabled.collect(),
            })
        }
        Some(FeaturesOf::Organization(organization)) => {
            if organization.org.is_empty() && !organization.features.is_empty() {
                return Err(Refused::new(
                    "org is required to check organization feature flags",
                ));
            }
            let data = api.graphql(
                &ORGANIZATION_FLAGS,
                json!({"org": organization.org}),
                caller,
            )?;
            let flags = data["organization"]["featureFlags"].as_array();
            let flags: HashMap<String, bool> = flags
                .map_or(&[][..], Vec::as_slice)
                .iter()
                .filter_map(|flag| {
                    let name = flag["rampKey"].as_str()?;
                    Some((name.to_owned(), flag["isEnabled"].as_bool()?))
                })
                .filter(|(name, _)| organization.features.contains(name))
                .collect();
            FeaturesGiven::Organization(OrganizationFlags { features: flags })
        }
        None => return Err(Refused::new("unsupported features request")),
    };
    Ok(Given::Features(FeaturesResponse { given: Some(given) }))
}
