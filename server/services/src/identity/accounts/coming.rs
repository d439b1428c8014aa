//! Those who come in, noted: as whom, what goes with them, and whether their provider stands by them.

use std::collections::HashSet;

use chrono::Utc;
use domain::identity::{Caller, Tenant};
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::{
    Match,
    bearer::{Absences, Arrival as Arrived},
    mapped,
    matching::marked,
    object_id, said, store,
};
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

/// Has nobody be taken for whom the provider knew by the same number where it was before: that account waits for it, and one of where it
/// is now, which waits, is its own again.
pub(in crate::identity) async fn meet(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    subject: &str,
) -> Result<()> {
    let (id, issuer) = (&settings.id, &settings.issuer);
    let tx = services.begin(&Caller::system(tenant.clone(), "identity")).await?;
    store::lock(&*tx, tenant).await?;
    let known = store::by_subject(&*tx, tenant, id, subject).await?;
    if let Some(known) = &known {
        let Some(former) = known.issuer.as_ref().filter(|former| *former != issuer) else { return Ok(()) };
        let elsewhere = format!("{id} at {former}");
        // Where a replica that goes by former settings let them in again meanwhile, one waits there already.
        let is_taken = store::by_subject(&*tx, tenant, &elsewhere, subject).await?.is_some();
        let elsewhere = if is_taken { format!("{elsewhere} ({})", known.id) } else { elsewhere };
        store::set_provider(&*tx, known, &elsewhere).await?;
        tracing::warn!(
            id,
            former,
            issuer,
            "this provider is another one than before: an account of the former one waits for it"
        );
    }
    let waiting = store::by_subject(&*tx, tenant, &format!("{id} at {issuer}"), subject).await?;
    if known.is_none() && waiting.is_none() {
        return Ok(());
    }
    if let Some(waiting) = waiting {
        store::set_provider(&*tx, &waiting, id).await?;
    }
    tx.commit().await?;
    doors::forget(services).await
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
        person: None,
        apart: None,
        address: if found.is_made_up { said::own_address(settings, &arrival.claims) } else { meant.address() },
        issuer: Some(settings.issuer.clone()),
    };
    let known = store::by_subject(&*tx, tenant, &settings.id, &arrival.subject).await?;
    store::put(&*tx, row).await?;
    let row = store::by_subject(&*tx, tenant, &settings.id, &arrival.subject).await?.ok_or_else(vanished)?;
    let all = store::of(&*tx, tenant, &who).await?;
    let absences = Absences::of(services, tenant, &who).await?;
    let arriving = Arrived { known: known.as_ref(), row: &row, meant: &meant, all: &all, absences: &absences };
    let (person, is_other_person) = arriving.settle(services, &mut tx, tenant).await?;
    let all = store::of(&*tx, tenant, &who).await?;
    let is_another = known.as_ref().is_some_and(|known| known.who != who);
    // Neither the provider nor the catalog says that it is the same person who came in so before: name and address are given on as well.
    let is_ousted = |row: &store::Row| {
        let was_user = row.user_uid.is_some_and(|then| !then.is_nil());
        row.person() != person && was_user && !absences.is_same_entry(row, &meant)
    };
    let ousted: Vec<_> = all.iter().filter(|row| meant.is_of(row) && is_ousted(row)).collect();
    for row in &ousted {
        store::take_back(&*tx, row, now).await?;
    }
    let is_another = is_another || is_other_person || !ousted.is_empty();
    // Who they were under that name before, by whichever of their accounts; and when somebody else last came in under it.
    let is_past = |row: &store::Row| !meant.is_of(row) || ousted.iter().any(|ousted| ousted.id == row.id);
    let (own, others): (Vec<_>, Vec<_>) = all.iter().partition(|row| row.person() == person);
    let is_first = own.iter().all(|own| own.id == row.id || !meant.is_of(own));
    let own_before = own.iter().copied().find(|row| row.user_uid.is_some_and(|then| then != uid));
    let before = known.as_ref().filter(|known| known.who == who).or(own_before).and_then(|row| row.user_uid);
    let is_new = is_first && known.as_ref().is_none_or(|known| known.who != who);
    let latest = others.iter().max_by_key(|other| other.seen_at);
    // The name may be theirs again, who bore it before somebody else did.
    let own_last = known.iter().filter(|known| known.who == who).map(|known| known.seen_at);
    let own_last = own_last.chain(own.iter().filter(|own| own.id != row.id).map(|own| own.seen_at)).max();
    let is_back = |other: &store::Row| is_past(other) && own_last.is_some_and(|last| last < other.seen_at);
    let former = latest.copied().filter(|latest| is_new || is_back(latest));
    let coming = Coming {
        who: &who,
        uid,
        address: meant.address(),
        annotations: meant.told_by(&renamed::telling(services)),
        before,
        account: row.id,
        former: latest.map(|former| former.seen_at),
    };
    let accounts = store::of_persons(&*tx, tenant, &HashSet::from([person])).await?;
    let accounts: Vec<Uuid> = accounts.iter().map(|row| row.id).collect();
    let is_settled = permission::settle(&mut tx, tenant, &coming, &accounts).await?;
    if let Some(former) = former {
        renamed::take_private(&tx, tenant, &who, &renamed::waiting(former.id)).await?;
    }
    if let Some(known) = known {
        if known.who != who && has_left(services, &tx, tenant, (&known, person)).await? {
            renamed::take_private(&tx, tenant, &known.who, &who).await?;
        }
        renamed::take_private(&tx, tenant, &renamed::waiting(known.id), &who).await?;
        follow(&mut tx, tenant, &known, (&who, uid), others.is_empty()).await?;
    }
    tx.commit().await?;
    services.doors.seen.forget_teams(tenant, &who);
    if is_settled || is_other_person {
        doors::forget_people(services).await?;
    } else if is_another {
        doors::forget(services).await?;
    }
    let row = store::by_subject(&services.db, tenant, &settings.id, &arrival.subject).await?;
    row.ok_or_else(vanished)
}

fn vanished() -> Error {
    Error::Internal("an account vanished while it was written".to_owned())
}

/// Whether what is private under the name by which somebody came in before is theirs, and nobody of them is left there: nobody else came
/// in under it after them.
async fn has_left(
    services: &Services,
    tx: &Transaction,
    tenant: &Tenant,
    (known, person): (&store::Row, Uuid),
) -> Result<bool> {
    let meant = same::meant(services, tenant, &known.who).await?;
    let there = store::of(&**tx, tenant, &known.who).await?;
    Ok(there.iter().filter(|other| other.id != known.id).all(|other| {
        // Whom the entry meant all the while has shared it with them.
        let is_shared = other.address.is_some() && other.address == known.address;
        let is_nobodys = meant.uid.is_nil() && !other.just_in_time;
        if other.person() == person {
            is_nobodys || !meant.is_of(other)
        } else {
            other.seen_at < known.seen_at && !is_shared
        }
    }))
}

/// What an account has made and started goes with it where the rules find somebody else for it now, since the catalog calls its person
/// otherwise, or took it for somebody else by mistake: it is the same person who made it. Sessions begin anew.
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
    renamed::take_runs(tx, tenant, known.id, (&known.who, who)).await?;
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

/// Whether the provider says by now that somebody is not the one as whom they came in: what they were found by is said of them no longer.
/// Then nothing of theirs opens anything, until they sign in again.
pub(in crate::identity) async fn is_denied(
    services: &Services,
    tenant: &Tenant,
    (known, settings): (&store::Row, &ProviderSettings),
    arrival: &Arrival,
) -> Result<bool> {
    let Ok(found_by) = known.matched_by.parse();
    let is_denied = said::is_denied(settings, &found_by, arrival);
    if is_denied {
        store::take_back(&services.db, known, Utc::now()).await?;
        doors::forget(services).await?;
        tracing::info!(who = known.who, %tenant, "an account is nobody's: its provider says something else of it now");
    }
    Ok(is_denied)
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
