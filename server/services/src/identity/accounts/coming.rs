//! Those who come in, noted: as whom, what goes with them, and whether their provider stands by them.

use chrono::Utc;
use domain::identity::{Caller, Tenant};
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::{Match, mapped, matching::marked, object_id, store};
use crate::{
    Error, Result, Services,
    changes::Transaction,
    identity::{
        claims,
        doors::{self, ProviderSettings},
        ports::{Arrival, Claims},
        renamed, same, scim, sessions, tell, tokens,
    },
    permission::{self, Coming},
};

/// What somebody is called who was made up, decided while nobody else is: several may come or be told of for the first time at once,
/// and have been found the same free name.
pub(in crate::identity) async fn given(
    tx: &Transaction,
    tenant: &Tenant,
    (provider, subject): (&str, &str),
    wished: String,
) -> Result<String> {
    store::lock(&**tx, tenant).await?;
    let known = store::by_subject(&**tx, tenant, provider, subject).await?;
    if let Some(known) = known.filter(|known| known.just_in_time) {
        return Ok(known.who);
    }
    let is_taken = store::is_taken(&**tx, tenant, &wished, (provider, subject)).await?
        || !scim::is_free(&**tx, tenant, &wished, subject).await?;
    Ok(if is_taken { marked(provider, &wished, subject) } else { wished })
}

/// Notes who came, as whom.
pub(in crate::identity) async fn note(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    arrival: &Arrival,
    found: &Match,
) -> Result<store::Row> {
    let (groups, unmeant) = mapped(services, tenant, settings, &arrival.claims).await?;
    let now = Utc::now();
    let mut tx = services.begin(&Caller::system(tenant.clone(), "identity")).await?;
    store::lock(&*tx, tenant).await?;
    let mut who = found.who.clone();
    if found.is_made_up && !found.by.is_by_directory() {
        who = given(&tx, tenant, (&settings.id, &arrival.subject), who).await?;
    }
    let meant = same::meant(services, tenant, &who).await?;
    let uid = meant.uid;
    let row = store::Row {
        tenant: tenant.to_string(),
        id: Uuid::new_v4(),
        provider: settings.id.clone(),
        subject: arrival.subject.clone(),
        who: who.clone(),
        name: claims::text(&arrival.claims, "name").or_else(|| claims::text(&arrival.claims, &settings.name_claim)),
        email: claims::text(&arrival.claims, &settings.email_claim),
        groups: json!(groups),
        unmeant: Some(json!(unmeant)),
        object_id: object_id(&arrival.claims),
        matched_by: found.by.to_string(),
        just_in_time: found.is_made_up,
        created_at: now,
        seen_at: now,
        blocked_at: None,
        confirmed_at: None,
        disowned_at: None,
        user_uid: Some(uid),
    };
    let known = store::by_subject(&*tx, tenant, &settings.id, &arrival.subject).await?;
    store::put(&*tx, row).await?;
    let is_another = known.as_ref().is_some_and(|known| known.who != who);
    // Neither the provider nor the catalog says that it is the same person who came in so before: name and address are given on as well.
    let is_ousted = |row: &store::Row| {
        let is_other_entry = row.user_uid.is_some_and(|then| !then.is_nil() && then != uid);
        row.provider == settings.id && row.subject != arrival.subject && is_other_entry
    };
    let all = store::of(&*tx, tenant, &who).await?;
    let ousted: Vec<_> = all.iter().filter(|row| meant.is_of(row) && is_ousted(row)).collect();
    for row in &ousted {
        store::take_back(&*tx, row, now).await?;
    }
    let is_another = is_another || !ousted.is_empty();
    // Who they were under that name before, by whichever of their accounts; and when somebody else last came in under it, who is gone.
    let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| meant.is_of(row) && !is_ousted(row));
    let is_first = own.iter().all(|row| (&row.provider, &row.subject) == (&settings.id, &arrival.subject));
    let accounts = own.iter().map(|row| row.id).collect();
    let own = own.iter().find(|row| row.user_uid.is_some_and(|then| then != uid));
    let before = known.as_ref().filter(|known| known.who == who).or(own).and_then(|row| row.user_uid);
    let is_new = is_first && known.as_ref().is_none_or(|known| known.who != who);
    let former = others.iter().max_by_key(|other| other.seen_at).filter(|_| is_new);
    let account = store::by_subject(&*tx, tenant, &settings.id, &arrival.subject).await?.map(|row| row.id);
    let former_seen = former.map(|former| former.seen_at);
    let coming = Coming { who: &who, uid, before, account: account.unwrap_or_default(), accounts, former: former_seen };
    let is_taken = permission::settle(&mut tx, tenant, &coming).await?;
    if let Some(former) = former {
        renamed::take_private(&tx, tenant, &who, &renamed::waiting(former.id)).await?;
    }
    if let Some(known) = known {
        let is_left = known.who != who && {
            let meant = same::meant(services, tenant, &known.who).await?;
            !store::of(&*tx, tenant, &known.who).await?.iter().any(|other| meant.is_of(other))
        };
        if is_left && (others.is_empty() || !known.just_in_time) {
            renamed::take_private(&tx, tenant, &known.who, &who).await?;
        }
        renamed::take_private(&tx, tenant, &renamed::waiting(known.id), &who).await?;
        follow(&mut tx, tenant, &known, (&who, uid), others.is_empty()).await?;
    }
    tx.commit().await?;
    if is_taken {
        services.permission.forget(tenant);
    }
    services.doors.seen.forget_teams(tenant, &who);
    if is_another {
        doors::forget(services).await?;
    }
    let row = store::by_subject(&services.db, tenant, &settings.id, &arrival.subject).await?;
    row.ok_or_else(|| Error::Internal("an account vanished while it was written".to_owned()))
}

/// What an account has made goes with it where the rules find somebody else for it now, since the catalog calls its person otherwise, or
/// took it for somebody else by mistake: it is the same person who made it. Sessions begin anew.
async fn follow(
    tx: &mut Transaction,
    tenant: &Tenant,
    known: &store::Row,
    (who, uid): (&str, Uuid),
    is_nobody_elses: bool,
) -> Result<()> {
    let is_other = known.who != who;
    let ended = if is_other { sessions::store::remove_of_account(&**tx, tenant, known.id).await? } else { 0 };
    if !is_other && known.user_uid == Some(uid) {
        return Ok(());
    }
    let moved = tokens::store::follow(&**tx, tenant, (known.id, &known.who, known.user_uid), (who, uid)).await?;
    if !is_other {
        return Ok(());
    }
    // Where somebody else came in as that User, it may be taken for them by mistake: then what is theirs waits under the name that was
    // made for them.
    if known.just_in_time && is_nobody_elses {
        renamed::recognised(tx, tenant, &known.who, who).await?;
    }
    let told = json!({ "account": known.id, "now": who, "sessionsEnded": ended, "tokensMoved": moved });
    tell(tx, &Caller::system(tenant.clone(), "identity"), "account-moved", &known.who, told);
    Ok(())
}

/// Notes that the provider says that a person is not to come in: nothing of theirs opens anything, until they sign in again.
pub(in crate::identity) async fn disown(services: &Services, tenant: &Tenant, known: &store::Row) -> Result<()> {
    store::confirm(&services.db, tenant, known.id, (false, Utc::now())).await?;
    doors::forget(services).await
}

/// The same of whoever is turned away at the door, if they were let in before.
pub(in crate::identity) async fn disown_by_subject(
    services: &Services,
    tenant: &Tenant,
    provider: &str,
    subject: &str,
) -> Result<()> {
    match store::by_subject(&services.db, tenant, provider, subject).await? {
        Some(known) => disown(services, tenant, &known).await,
        None => Ok(()),
    }
}

/// Notes that the provider stands by a person, and the groups that they have now.
pub(in crate::identity) async fn confirm(
    services: &Services,
    tenant: &Tenant,
    known: &store::Row,
    settings: &ProviderSettings,
    claims: &Claims,
) -> Result<()> {
    store::confirm(&services.db, tenant, known.id, (true, Utc::now())).await?;
    // Some providers leave groups out where nobody signs in: then those of before stand.
    if claims::claim(claims, &settings.groups_claim).is_none() {
        return Ok(());
    }
    let (groups, unmeant) = mapped(services, tenant, settings, claims).await?;
    let (groups, unmeant) = (json!(groups), json!(unmeant));
    let is_other = groups != known.groups;
    if is_other || known.unmeant.as_ref() != Some(&unmeant) {
        store::set_groups(&services.db, tenant, known.id, (groups, unmeant)).await?;
    }
    if is_other {
        doors::forget(services).await?;
    }
    Ok(())
}
