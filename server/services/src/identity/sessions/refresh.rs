//! Asking the provider again, while a session lasts, whether the person still may.

use chrono::Utc;
use domain::identity::Tenant;
use secrecy::{ExposeSecret, SecretString};

use super::{ProviderTokens, Row, seal, store, unseal};
use crate::{
    Result, Services,
    identity::{accounts, ports::ProviderProblem},
};

/// Whether the provider still stands by the person; what it says of their groups is noted. One request asks, the others
/// go on meanwhile; a provider that does not answer changes nothing.
pub(super) async fn still_may(services: &Services, tenant: &Tenant, row: &Row) -> Result<bool> {
    let tokens = unseal(services, row);
    let (Some(account), Some(id), Some(refresh)) = (row.account, &row.provider, tokens.refresh) else {
        return Ok(true);
    };
    let settings = services.doors.settings.providers.iter().find(|provider| provider.id == *id);
    let (Some(provider), Some(settings)) = (services.doors.providers.get(id), settings) else { return Ok(true) };
    if !store::take_turn(&services.db, row, Utc::now()).await? {
        return Ok(true);
    }
    let Some(known) = accounts::store::by_id(&services.db, tenant, account).await? else { return Ok(false) };
    match provider.refresh(&known.subject, &SecretString::from(refresh.clone())).await {
        Ok(Some(arrival)) => {
            if let Some(unmet) = crate::identity::claims::unmet(&settings.require, &arrival.claims) {
                let unmet = unmet.whole();
                tracing::info!(who = known.who, unmet, "a session ends: the provider says something else now");
                accounts::disown(services, tenant, &known).await?;
                return Ok(false);
            }
            if accounts::is_denied(services, tenant, (&known, settings), &arrival).await? {
                return Ok(false);
            }
            accounts::confirm(services, tenant, &known, settings, &arrival.claims).await?;
            let tokens = ProviderTokens {
                id_token: arrival.id_token.map(|token| token.expose_secret().to_owned()).or(tokens.id_token),
                // A provider that does not rotate gives none: the old one stands.
                refresh: arrival.refresh.map_or(Some(refresh), |token| Some(token.expose_secret().to_owned())),
            };
            store::reseal(&services.db, tenant, row.id, seal(services, row.id, &tokens)?).await?;
            Ok(true)
        }
        Ok(None) => Ok(true),
        Err(ProviderProblem::Over(why) | ProviderProblem::Refused(why) | ProviderProblem::Elsewhere(why)) => {
            tracing::info!(who = known.who, why, "a session ends: the provider no longer stands by the person");
            Ok(false)
        }
        Err(problem) => {
            tracing::warn!(provider = id, %problem, "a provider could not be asked again; the session stands");
            Ok(true)
        }
    }
}
