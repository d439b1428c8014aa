//! What follows from what directories say: whether someone may come in, and in which teams they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    identity::{Caller, Tenant},
    scim::folded,
};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, sea_query::Expr,
};
use serde_json::json;

use super::{
    change, settings,
    store::{self, group, user},
    whose,
};
use crate::{
    Error, Result, Services,
    bulk::among,
    identity::{
        accounts::{self, FoundBy, Match},
        claims,
        doors::{self, ProviderSettings},
        ports::{Arrival, MOST_EMAILS},
        same,
    },
};

/// How many rows are about one person.
const MOST_ROWS: u64 = 50;
/// How many groups count for one person.
const MOST_GROUPS: u64 = 5_000;
/// How many of whom the catalog did not know are looked for again at a time.
const MOST_AGAIN: u64 = 1_000;

/// What directories say of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::identity) struct Known {
    /// Of each provider whose directory knows them, whether it lets them in.
    pub(in crate::identity) by: BTreeMap<String, bool>,
    /// The teams that groups of directories mean.
    pub(in crate::identity) teams: BTreeSet<String>,
}

impl Known {
    /// Whether the provider's directory knows them, and lets them in no more.
    pub(in crate::identity) fn is_sent_away(&self, provider: &str) -> bool {
        self.by.get(provider) == Some(&false)
    }

    /// Whether the provider's directory keeps them current.
    pub(in crate::identity) fn is_kept(&self, provider: &str) -> bool {
        self.by.get(provider) == Some(&true)
    }

    /// Whether directories know them, and none lets them in any more.
    pub(in crate::identity) fn is_sent_away_by_all(&self) -> bool {
        !self.by.is_empty() && !self.by.values().any(|is_let_in| *is_let_in)
    }

    /// Whether no directory knows them.
    pub(in crate::identity) fn is_silent(&self) -> bool {
        self.by.is_empty()
    }
}

fn is_let_in(row: &user::Model) -> bool {
    row.active && row.deleted_at.is_none()
}

/// What directories say of a person.
pub(in crate::identity) async fn known(services: &Services, tenant: &Tenant, who: &str) -> Result<Known> {
    let rows = whose::records_of(services, &services.db, tenant, who).await?;
    let mut known = Known::default();
    let mut provider_of: BTreeMap<String, String> = BTreeMap::new();
    for row in rows {
        let is_let_in = is_let_in(&row);
        *known.by.entry(row.provider.clone()).or_default() |= is_let_in;
        let Ok(found_by) = row.matched_by.parse::<FoundBy>();
        if is_let_in && found_by.is_said() {
            provider_of.insert(row.id, row.provider);
        }
    }
    if provider_of.is_empty() {
        return Ok(known);
    }
    let ids: Vec<String> = provider_of.keys().cloned().collect();
    let mut by: BTreeMap<&str, Vec<Vec<String>>> = BTreeMap::new();
    for (user, _, name, external) in store::groups_of(&services.db, tenant, &ids, MOST_GROUPS).await? {
        if let Some(provider) = provider_of.get(&user) {
            by.entry(provider).or_default().push(names(external, name));
        }
    }
    for (provider, groups) in by {
        if let Some(settings) = settings(services, provider) {
            known.teams.extend(accounts::meant(services, tenant, &settings, &groups).await?.into_iter().flatten());
        }
    }
    Ok(known)
}

/// What a group may be called in the settings: as the directory calls it, then its name.
fn names(external: Option<String>, name: String) -> Vec<String> {
    external.into_iter().chain([name]).collect()
}

/// The teams that groups of directories mean for the caller.
pub(in crate::identity) async fn groups_of(services: &Services, caller: &Caller) -> Result<BTreeSet<String>> {
    Ok(known(services, &caller.tenant, caller.label()).await?.teams)
}

/// Which of these teams the provider's directory keeps itself: about those, what came with a sign-in does not count, since it
/// may be older.
pub(in crate::identity) async fn is_kept(
    services: &Services,
    tenant: &Tenant,
    provider: &str,
    teams: &[String],
) -> Result<BTreeSet<String>> {
    use group::Column as G;
    let Some(settings) = settings(services, provider) else { return Ok(BTreeSet::new()) };
    let named = settings.teams.iter().filter(|(_, team)| teams.contains(team)).map(|(name, _)| name.clone());
    let mut keys: Vec<String> = named.collect();
    if settings.teams_by_name {
        keys.extend(teams.iter().filter_map(|team| team.strip_prefix("group:default/")).map(str::to_owned));
        // Keycloak writes groups as paths.
        keys.extend(teams.iter().filter_map(|team| Some(format!("/{}", team.strip_prefix("group:default/")?))));
    }
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let folds: Vec<String> = keys.iter().map(|key| folded(key)).collect();
    let called =
        Condition::any().add(among(&services.db, G::ExternalId, &keys)).add(among(&services.db, G::DisplayKey, &folds));
    let rows = store::groups(tenant, provider).filter(called).limit(MOST_GROUPS).all(&services.db).await?;
    let groups: Vec<Vec<String>> = rows.into_iter().map(|row| names(row.external_id, row.display_name)).collect();
    let meant = accounts::meant(services, tenant, &settings, &groups).await?;
    Ok(meant.into_iter().flatten().filter(|team| teams.contains(team)).collect())
}

/// What the provider calls someone, and for ever.
fn externals(arrival: &Arrival) -> Vec<String> {
    std::iter::once(arrival.subject.clone()).chain(accounts::object_id(&arrival.claims)).collect()
}

/// Whether the directory lets no more in who arrives as `found`; then since when.
pub(in crate::identity) async fn gate(
    services: &Services,
    tenant: &Tenant,
    provider: &str,
    arrival: &Arrival,
    found: &Match,
) -> Result<Option<DateTime<Utc>>> {
    use user::Column as U;
    let who = found.who.as_str();
    let externals = externals(arrival);
    let about = Condition::any().add(U::Who.eq(who)).add(U::ExternalId.is_in(&externals));
    let condition = Condition::all().add(U::Provider.eq(provider)).add(about);
    let mut rows = store::all(&services.db, tenant, condition, MOST_ROWS).await?;
    // Of a person who is told of anew, older rows say nothing.
    let is_them = |row: &user::Model| row.external_id.as_ref().is_some_and(|id| externals.contains(id));
    // Nor does what was said of somebody else who bore the name.
    let now = same::meant(services, tenant, who).await?;
    rows.retain(|row| is_them(row) || now.is_found_by(&row.matched_by));
    let mut about = Vec::with_capacity(rows.len());
    for row in rows {
        if is_them(&row) || !whose::names_anybody(&services.db, tenant, &row).await? {
            about.push(row);
        }
    }
    let rows = about;
    if let Some(row) = rows.iter().find(|row| is_let_in(row)) {
        let row = rows.iter().filter(|row| is_them(row)).find(|row| is_let_in(row)).unwrap_or(row);
        if row.who.is_none() {
            user::Entity::update_many()
                .col_expr(U::Who, Expr::value(who))
                .col_expr(U::MatchedBy, Expr::value(found.by.to_string()))
                .filter(U::Tenant.eq(tenant.as_str()))
                .filter(U::Id.eq(&row.id))
                .filter(U::Who.is_null())
                .exec(&services.db)
                .await?;
        }
        return Ok(None);
    }
    Ok(rows.iter().map(|row| row.changed_at).max())
}

/// Since when every directory that knows `who` lets them in no more, whichever provider they come by, and of which provider the one is
/// that said so last; nothing where one does, or none knows them.
pub(in crate::identity) async fn away_since(
    services: &Services,
    tenant: &Tenant,
    provider: &str,
    arrival: &Arrival,
    who: &str,
) -> Result<Option<(DateTime<Utc>, String)>> {
    let condition = Condition::all().add(user::Column::Who.eq(who));
    let mut rows = store::all(&services.db, tenant, condition, MOST_ROWS).await?;
    let now = same::meant(services, tenant, who).await?;
    rows.retain(|row| now.is_found_by(&row.matched_by));
    let externals = externals(arrival);
    let mut last = None;
    for row in rows {
        let is_them = row.external_id.as_ref().is_some_and(|id| externals.contains(id));
        if row.provider == provider && !is_them && whose::names_anybody(&services.db, tenant, &row).await? {
            continue;
        }
        if is_let_in(&row) {
            return Ok(None);
        }
        last = last.max(Some((row.changed_at, row.provider)));
    }
    Ok(last)
}

/// Who arrives, where the directory knows it though the rules find nobody: by what both call the person, or, where it calls nobody so, by
/// a name or first address that is believed.
pub(in crate::identity) async fn linked(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    arrival: &Arrival,
) -> Result<Option<(String, FoundBy)>> {
    use user::Column as U;
    let living = || Condition::all().add(U::Provider.eq(&settings.id)).add(U::DeletedAt.is_null());
    let by_id = living().add(U::ExternalId.is_in(externals(arrival)));
    let own = store::all(&services.db, tenant, by_id, MOST_ROWS).await?;
    if !own.is_empty() {
        return as_whom(services, tenant, own).await;
    }
    let verified = arrival.claims.get("email_verified");
    let is_believed = settings.trust_email || verified.is_some_and(|verified| *verified == true || *verified == "true");
    let email = claims::text(&arrival.claims, &settings.email_claim).filter(|_| is_believed);
    for email in email.iter().chain(arrival.emails.iter().take(MOST_EMAILS)).map(|email| folded(email)) {
        let named = Condition::any().add(U::NameKey.eq(&email)).add(store::has_email(tenant, &email));
        let mut rows = store::all(&services.db, tenant, living().add(named), MOST_ROWS).await?;
        // Others of their addresses may be those of a team.
        rows.retain(|row| row.name_key.as_ref() == Some(&email) || first_address(row).as_ref() == Some(&email));
        if let Some(found) = as_whom(services, tenant, rows).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The address of a person that counts.
fn first_address(row: &user::Model) -> Option<String> {
    let document = serde_json::from_str(&row.document).ok()?;
    change::email(&document).map(|email| folded(&email))
}

/// As whom the one of these records lets somebody in, and what that one was found by.
async fn as_whom(
    services: &Services,
    tenant: &Tenant,
    mut rows: Vec<user::Model>,
) -> Result<Option<(String, FoundBy)>> {
    rows.retain(|row| row.active && row.who.is_some());
    let [row] = rows.as_slice() else { return Ok(None) };
    let Ok(found_by) = row.matched_by.parse::<FoundBy>();
    let lets_in = found_by.is_said() && whose::is_theirs(services, tenant, row).await?;
    Ok(row.who.clone().filter(|_| lets_in).map(|who| (who, found_by)))
}

/// Whether nobody else of the directory is `who`.
pub(in crate::identity) async fn is_free(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    who: &str,
    subject: &str,
) -> Result<bool> {
    use user::Column as U;
    let condition = Condition::all().add(U::Who.eq(who)).add(U::DeletedAt.is_null());
    let rows = store::all(db, tenant, condition, MOST_ROWS).await?;
    Ok(rows.iter().all(|row| row.external_id.as_deref() == Some(subject) || row.id == subject))
}

/// Looks again for those whom the catalog did not know when the directory told of them.
pub(crate) async fn rematch(services: &Services) -> Result<()> {
    use user::Column as U;
    let unknown = user::Entity::find()
        .filter(U::Who.is_null())
        .filter(U::DeletedAt.is_null())
        .order_by_desc(U::HeardAt)
        .limit(MOST_AGAIN)
        .all(&services.db)
        .await?;
    let mut found: HashMap<Tenant, Vec<(user::Model, String, String)>> = HashMap::new();
    let mut failed: Vec<(String, Error)> = Vec::new();
    for row in unknown {
        // One that cannot be read or looked for does not keep others from being found.
        match recognised(services, &row).await {
            Ok(Some((tenant, who, by))) => found.entry(tenant).or_default().push((row, who, by)),
            Ok(None) => {}
            Err(error) => failed.push((row.id, error)),
        }
    }
    if let Some((id, error)) = failed.first() {
        tracing::warn!(%error, id, count = failed.len(), "some whom directories keep could not be looked for again");
    }
    for (tenant, rows) in found {
        if let Err(error) = note_found(services, &tenant, rows).await {
            tracing::warn!(%error, %tenant, "who was found again could not be written down; trying again later");
        }
    }
    Ok(())
}

/// Who someone of a directory is by now.
async fn recognised(services: &Services, row: &user::Model) -> Result<Option<(Tenant, String, String)>> {
    let tenant: Tenant = row.tenant.parse().map_err(|error| Error::Internal(format!("{error}")))?;
    // A provider that the configuration no longer has lets nobody in.
    let Some(settings) = settings(services, &row.provider) else { return Ok(None) };
    // Who would have to be made up is, when they sign in: that is asked of the database for each.
    let settings = ProviderSettings { create_people: false, ..settings.into_owned() };
    let document = serde_json::from_str(&row.document)?;
    match change::matched(services, &tenant, &settings, (&row.id, &document)).await {
        Ok((who, by, _)) => Ok(who.map(|who| (tenant, who, by))),
        Err(error) => Err(Error::Internal(error.to_string())),
    }
}

/// Writes down who was found, all together: whoever was changed meanwhile is looked for again the next time.
async fn note_found(services: &Services, tenant: &Tenant, found: Vec<(user::Model, String, String)>) -> Result<()> {
    let mut tx = services.begin(&Caller::system(tenant.clone(), "identity")).await?;
    let matches =
        found.iter().map(|(row, who, by)| json!({ "id": row.id, "version": row.version, "who": who, "by": by }));
    let written = store::note_found(&*tx, tenant, matches.collect()).await?;
    for (row, who, by) in found {
        if written.contains(&row.id) {
            let told = json!({ "id": row.id, "provider": row.provider, "userName": row.user_name, "by": by });
            tx.tell("scim-user-matched", &who, told);
        }
    }
    tx.commit().await?;
    doors::forget(services).await
}
