//! What a change of a person comes to: who they are, whether they may come in, and what is told of it.

use chrono::{DateTime, Utc};
use domain::{identity::Tenant, scim::folded};
use serde_json::{Map, Value, json};

use super::{Answer, store::user, whose};
use crate::{
    Services,
    changes::Transaction,
    identity::{
        accounts::{self, FoundBy},
        doors::ProviderSettings,
        ports::{Arrival, Claims},
        sessions, tokens,
    },
};

/// How much an entry of the audit log says of a change.
const TOLD: usize = 8 * 1024;

/// The attribute as a text.
pub(super) fn text(document: &Map<String, Value>, name: &str) -> Option<String> {
    document.get(name).and_then(Value::as_str).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Whether the directory lets them in: yes, unless it says no.
pub(super) fn is_active(document: &Map<String, Value>) -> bool {
    document.get("active").and_then(Value::as_bool).unwrap_or(true)
}

/// The address that is used first.
pub(super) fn email(document: &Map<String, Value>) -> Option<String> {
    let emails: Vec<&Value> = document.get("emails").and_then(Value::as_array).into_iter().flatten().collect();
    let is_first = |email: &&&Value| email.get("primary") == Some(&Value::Bool(true));
    let is_work = |email: &&&Value| email.get("type").and_then(Value::as_str) == Some("work");
    let found = emails.iter().find(is_first).or_else(|| emails.iter().find(is_work)).or_else(|| emails.first());
    let named = found.and_then(|email| email.get("value")).and_then(Value::as_str).map(str::to_owned);
    // Where the name is an address, directories often send no other.
    named.or_else(|| text(document, "userName").filter(|name| name.contains('@')))
}

/// What a sign-in would bring, as far as the directory says it too, so that the same rules find the same User.
pub(super) fn claims(settings: &ProviderSettings, document: &Map<String, Value>) -> Claims {
    let mut claims = Claims::new();
    for (name, value) in document.iter().filter(|(_, value)| !value.is_object() && !value.is_array()) {
        claims.insert(name.clone(), value.clone());
    }
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            claims.insert(name.to_owned(), value.into());
        }
    };
    let name = text(document, "userName");
    for claim in ["preferred_username", "upn", "login", &settings.name_claim] {
        put(claim, name.clone());
    }
    put("name", text(document, "displayName").or(name));
    for claim in ["email", &settings.email_claim] {
        put(claim, email(document));
    }
    for claim in ["sub", "oid"] {
        put(claim, text(document, "externalId"));
    }
    // The directory gives addresses out.
    claims.insert("email_verified".to_owned(), Value::Bool(true));
    claims
}

/// Which User of the catalog the person is, by what, and whether they were made up; or what was looked for in vain.
pub(super) async fn matched(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    (id, document): (&str, &Map<String, Value>),
) -> Answer<(Option<String>, String, bool)> {
    let arrival = Arrival {
        subject: text(document, "externalId").unwrap_or_else(|| id.to_owned()),
        claims: claims(settings, document),
        emails: Vec::new(),
        id_token: None,
        refresh: None,
    };
    Ok(match accounts::matched(services, tenant, settings, &arrival).await? {
        Ok(found) => (Some(found.who), found.by.to_string(), found.is_made_up),
        Err(unmatched) => (None, unmatched.looked.join("; "), false),
    })
}

/// What someone is called who was made up, decided while nobody else is.
pub(super) async fn given(tx: &Transaction, settings: &ProviderSettings, row: &user::Model) -> Answer<Option<String>> {
    let subject = row.external_id.as_deref().unwrap_or(&row.id);
    Ok(match row.who.clone() {
        Some(who) => Some(accounts::given(tx, tx.tenant(), (&settings.id, subject), who).await?),
        None => None,
    })
}

/// The row for a document.
pub(super) fn row(
    mut row: user::Model,
    document: &Map<String, Value>,
    (who, matched_by, is_made_up): (Option<String>, String, bool),
    now: DateTime<Utc>,
) -> Answer<user::Model> {
    row.user_name = text(document, "userName").unwrap_or_default();
    row.name_key = Some(folded(&row.user_name));
    row.external_id = text(document, "externalId");
    row.display_name = text(document, "displayName");
    row.display_key = row.display_name.as_deref().map(folded);
    row.active = is_active(document);
    // Whoever was made up stays who they are: others know them by that name. And of whoever was known the record goes on speaking where
    // an attribute that the rules look at is another one now: what was opened in their name must end with them. It lets nobody in as
    // them any more, since it may have been a slip.
    let was_made_up = row.who.as_ref().is_some_and(|who| who.starts_with(&format!("user:{}/", row.provider)));
    if who.is_some() || row.who.is_none() {
        if !(is_made_up && was_made_up) {
            row.who = who;
        }
        row.matched_by = matched_by;
    } else if !was_made_up {
        let Ok(found_by) = row.matched_by.parse::<FoundBy>();
        row.matched_by = found_by.before().to_string();
    }
    row.document = serde_json::to_string(document)?;
    row.changed_at = now;
    row.heard_at = now;
    Ok(row)
}

/// Ends all that `who`, of whom `row` speaks, came in with, unless the directory has another record of them by which it lets them in: of someone
/// who left and came back, the old one may stand beside the new for long.
pub(super) async fn send_away(
    services: &Services,
    tx: &Transaction,
    row: &user::Model,
    who: &str,
    at: DateTime<Utc>,
) -> Answer<(u64, u64)> {
    let tenant = tx.tenant();
    if whose::is_let_in_otherwise(services, &**tx, tenant, row, who).await? {
        return Ok((0, 0));
    }
    // Not what somebody else made who bore the name before.
    let accounts = accounts::ids_of(services, tenant, who).await?;
    let sessions = sessions::store::remove_all_of(&**tx, tenant, (who, &accounts)).await?;
    let tokens = tokens::store::end_all_of(&**tx, tenant, (who, &accounts), at).await?;
    Ok((sessions, tokens))
}

/// Ends what accounts came in with that `row` let in as `who`, which it does no longer: they come in anew, as whoever is found then. Those
/// whom the rules found by themselves stay.
pub(super) async fn let_go(tx: &Transaction, row: &user::Model, who: &str) -> Answer<u64> {
    let Some(external) = &row.external_id else { return Ok(0) };
    let mut sessions = 0;
    for account in accounts::store::called(&**tx, tx.tenant(), &row.provider, external).await? {
        let Ok(found_by) = account.matched_by.parse::<FoundBy>();
        if account.who == who && found_by.is_by_directory() {
            sessions += sessions::store::remove_of_account(&**tx, tx.tenant(), account.id).await?;
            accounts::store::take_back(&**tx, &account, Utc::now()).await?;
        }
    }
    Ok(sessions)
}

/// What is told of someone: who they are, and what of them changed.
pub(super) fn told(row: &user::Model, before: &Map<String, Value>, after: &Map<String, Value>) -> Value {
    let differs = |one: &Map<String, Value>, other: &Map<String, Value>| -> Map<String, Value> {
        let parts = one.iter().filter(|(name, value)| other.get(*name) != Some(value));
        parts.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let mut told = json!({ "id": row.id, "provider": row.provider, "userName": row.user_name, "who": row.who });
    let (old, new) = (differs(before, after), differs(after, before));
    let size = |part: &Map<String, Value>| serde_json::to_string(part).map_or(0, |text| text.len());
    if size(&old) + size(&new) > TOLD {
        told["changed"] =
            old.keys().chain(new.keys()).cloned().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    } else {
        told["before"] = old.into();
        told["after"] = new.into();
    }
    told
}

/// What an entry of the audit log is about: the person, where the catalog knows them.
pub(super) fn about(row: &user::Model) -> String {
    row.who.clone().unwrap_or_else(|| format!("scim:{}", row.id))
}
