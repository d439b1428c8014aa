//! People, as directories keep them.

use chrono::{TimeDelta, Utc};
use domain::{
    identity::Caller,
    scim::{self, Fault, Operation, Problem, Schema},
};
use sea_orm::{Order, PaginatorTrait as _, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid};
use serde_json::{Map, Value, json};

use super::{
    Answer, Expected, Found, MOST_USERS, Question, Resource, ScimError, TRIES, change, directory, find, gone,
    is_expected,
    store::{self, user},
    whose,
};
use crate::{
    Services,
    identity::{
        accounts::FoundBy,
        doors::{self, ProviderSettings},
    },
};

/// How old the note of the last word may be.
const HEARD: TimeDelta = TimeDelta::hours(1);

/// How many groups of a person are told.
const MOST_GROUPS_OF_ONE: u64 = 2_000;

fn resource(row: user::Model, tied: Option<Vec<(String, String)>>) -> Answer<Resource> {
    let mut document: Map<String, Value> = serde_json::from_str(&row.document)?;
    document.insert("active".to_owned(), row.active.into());
    Ok(Resource { id: row.id, document, tied, version: row.version, created: row.created_at, changed: row.changed_at })
}

/// The people that a question means.
pub async fn users(services: &Services, caller: &Caller, question: &Question) -> Answer<Found> {
    use user::Column as U;
    let settings = directory(services, caller).await?;
    let mut all = store::living(&caller.tenant, &settings.id);
    if let Some(filter) = question.filter()? {
        all = all.filter(find::users(services.db.get_database_backend(), &filter)?);
    }
    let known = [
        ("userName", U::NameKey),
        ("displayName", U::DisplayKey),
        ("id", U::Id),
        ("externalId", U::ExternalId),
        ("meta.created", U::CreatedAt),
        ("meta.lastModified", U::ChangedAt),
    ];
    let by = find::sorted(question.sort_by.as_deref(), &known)?.unwrap_or(U::CreatedAt);
    let total = all.clone().count(&services.db).await?;
    let (start, count) = question.span();
    let rows = if count == 0 {
        Vec::new()
    } else {
        let order = if question.is_descending { Order::Desc } else { Order::Asc };
        all.order_by(by, order).order_by_asc(U::Id).offset(start - 1).limit(count).all(&services.db).await?
    };
    let resources = rows.into_iter().map(|row| resource(row, None)).collect::<Answer<_>>()?;
    Ok(Found { total, start, resources })
}

async fn groups(services: &Services, caller: &Caller, id: &str) -> Answer<Vec<(String, String)>> {
    let ids = [id.to_owned()];
    let groups = store::groups_of(&services.db, &caller.tenant, &ids, MOST_GROUPS_OF_ONE).await?;
    Ok(groups.into_iter().map(|(_, id, name, _)| (id, name)).collect())
}

/// One person.
pub async fn user(services: &Services, caller: &Caller, id: &str) -> Answer<Resource> {
    let settings = directory(services, caller).await?;
    let row =
        store::find_user(&services.db, &caller.tenant, &settings.id, id).await?.ok_or_else(|| gone("person", id))?;
    let now = Utc::now();
    if now - row.heard_at >= HEARD {
        store::heard(&services.db, &caller.tenant, id, now).await?;
    }
    resource(row, Some(groups(services, caller, id).await?))
}

fn taken(name: &str) -> ScimError {
    let name: String = name.chars().take(80).collect();
    Problem::new(Fault::Uniqueness, format!("someone is called `{name}` already; look them up by `userName`")).into()
}

/// Takes someone in whom the directory tells of.
pub async fn create_user(services: &Services, caller: &Caller, body: &Value) -> Answer<Resource> {
    let settings = directory(services, caller).await?;
    let document = scim::read(Schema::User, body)?;
    scim::bounded(&document)?;
    let (id, now) = (Uuid::new_v4().to_string(), Utc::now());
    let tenant = &caller.tenant;
    let found = change::matched(services, tenant, &settings, (&id, &document)).await?;
    let blank = user::Model {
        tenant: tenant.to_string(),
        id: id.clone(),
        provider: settings.id.clone(),
        user_name: String::new(),
        name_key: None,
        external_id: None,
        display_name: None,
        display_key: None,
        active: true,
        who: None,
        matched_by: String::new(),
        document: String::new(),
        version: 1,
        created_at: now,
        changed_at: now,
        heard_at: now,
        deleted_at: None,
    };
    let is_made_up = found.2;
    let mut row = change::row(blank, &document, found, now)?;
    let mut tx = services.begin(caller).await?;
    if store::living(tenant, &settings.id).count(&*tx).await? >= MOST_USERS {
        let why = format!("{MOST_USERS} people are kept, which is as many as can be");
        return Err(Problem::new(Fault::TooLarge, why).into());
    }
    if is_made_up {
        row.who = change::given(&tx, &settings, &row).await?;
    }
    if !store::insert_user(&*tx, row.clone()).await? {
        return Err(taken(&row.user_name));
    }
    store::put_emails(&*tx, tenant, &id, &document).await?;
    tx.tell("scim-user-created", &change::about(&row), change::told(&row, &Map::new(), &document));
    if !row.active {
        for who in whose::people(services, &*tx, tenant, &row).await? {
            change::send_away(services, &tx, &row, &who, now).await?;
        }
    }
    tx.commit().await?;
    doors::forget(services).await?;
    resource(row, Some(Vec::new()))
}

/// Puts all that is said of someone in place of what was said before.
pub async fn replace_user(
    services: &Services,
    caller: &Caller,
    id: &str,
    body: &Value,
    expected: &Expected,
) -> Answer<Resource> {
    let document = scim::read(Schema::User, body)?;
    scim::bounded(&document)?;
    alter(services, caller, id, expected, &Alteration::Whole(document)).await
}

/// Changes parts of what is said of someone.
pub async fn patch_user(
    services: &Services,
    caller: &Caller,
    id: &str,
    operations: &[Operation],
    expected: &Expected,
) -> Answer<Resource> {
    alter(services, caller, id, expected, &Alteration::Parts(operations)).await
}

/// What is to be made of what was said of someone.
enum Alteration<'a> {
    Whole(Map<String, Value>),
    Parts(&'a [Operation]),
}

impl Alteration<'_> {
    fn of(&self, before: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
        match self {
            Self::Whole(document) => Ok(document.clone()),
            Self::Parts(operations) => {
                let mut document = before.clone();
                scim::apply(&mut document, operations)?;
                Ok(document)
            }
        }
    }
}

async fn alter(
    services: &Services,
    caller: &Caller,
    id: &str,
    expected: &Expected,
    alteration: &Alteration<'_>,
) -> Answer<Resource> {
    let settings = directory(services, caller).await?;
    // Whoever was faster is not overwritten: the change is made once more, of what they made.
    for _ in 0..TRIES {
        if let Some(row) = try_alter(services, caller, &settings, id, expected, alteration).await? {
            return resource(row, Some(groups(services, caller, id).await?));
        }
    }
    Err(ScimError::Changed)
}

async fn try_alter(
    services: &Services,
    caller: &Caller,
    settings: &ProviderSettings,
    id: &str,
    expected: &Expected,
    alteration: &Alteration<'_>,
) -> Answer<Option<user::Model>> {
    let tenant = &caller.tenant;
    let old = store::find_user(&services.db, tenant, &settings.id, id).await?.ok_or_else(|| gone("person", id))?;
    is_expected(expected, old.version)?;
    let before: Map<String, Value> = serde_json::from_str(&old.document)?;
    let after = alteration.of(&before)?;
    let found = change::matched(services, tenant, settings, (id, &after)).await?;
    let now = Utc::now();
    let version = old.version;
    let is_made_up = found.2;
    let mut new = change::row(user::Model { version: version + 1, ..old.clone() }, &after, found, now)?;
    if before == after && new.who == old.who && new.active == old.active {
        store::heard(&services.db, tenant, id, now).await?;
        return Ok(Some(old));
    }
    let mut tx = services.begin(caller).await?;
    if store::is_taken(&*tx, &new).await? {
        return Err(taken(&new.user_name));
    }
    if is_made_up && old.who != new.who {
        new.who = change::given(&tx, settings, &new).await?;
    }
    if !store::update_user(&*tx, new.clone(), version).await? {
        return Ok(None);
    }
    store::put_emails(&*tx, tenant, id, &after).await?;
    let what = match (old.active, new.active) {
        (true, false) => "scim-user-deactivated",
        (false, true) => "scim-user-reactivated",
        _ => "scim-user-changed",
    };
    let mut told = change::told(&new, &before, &after);
    // Who they were until now, too: the same message may say who they are. Of one who was sent away before, everything has ended already.
    let was_other = old.who.as_ref().filter(|_| old.who != new.who);
    let is_sent_away = !new.active && (old.active || old.who != new.who);
    let mut people = std::collections::BTreeSet::new();
    if is_sent_away {
        people = whose::people(services, &*tx, tenant, &new).await?;
        people.extend(was_other.filter(|_| old.external_id.is_none()).cloned());
    }
    let (mut sessions, mut tokens) = (0, 0);
    for who in &people {
        let ended = change::send_away(services, &tx, &new, who, now).await?;
        (sessions, tokens) = (sessions + ended.0, tokens + ended.1);
    }
    // Who is someone else now, or was taken for them by a slip that is mended, comes in anew.
    let is_said = |row: &user::Model| row.matched_by.parse::<FoundBy>().is_ok_and(|found_by| found_by.is_said());
    if let Some(who) = old.who.as_ref().filter(|_| was_other.is_some() || is_said(&old) && !is_said(&new)) {
        sessions += change::let_go(&tx, &old, who).await?;
    }
    if sessions + tokens > 0 || !people.is_empty() {
        told["sessionsEnded"] = sessions.into();
        told["tokensEnded"] = tokens.into();
    }
    tx.tell(what, &change::about(&new), told);
    tx.commit().await?;
    doors::forget(services).await?;
    Ok(Some(new))
}

/// Lets go of someone: what they came in with is ended, and they come in no more until the directory tells of them again.
pub async fn delete_user(services: &Services, caller: &Caller, id: &str, expected: &Expected) -> Answer<()> {
    let settings = directory(services, caller).await?;
    let tenant = &caller.tenant;
    for _ in 0..TRIES {
        let old = store::find_user(&services.db, tenant, &settings.id, id).await?.ok_or_else(|| gone("person", id))?;
        is_expected(expected, old.version)?;
        let now = Utc::now();
        // No more of them is kept than it takes to refuse them.
        let row = user::Model {
            name_key: None,
            display_name: None,
            display_key: None,
            active: false,
            document: "{}".to_owned(),
            version: old.version + 1,
            changed_at: now,
            heard_at: now,
            deleted_at: Some(now),
            ..old.clone()
        };
        let mut tx = services.begin(caller).await?;
        if !store::update_user(&*tx, row, old.version).await? {
            continue;
        }
        store::put_emails(&*tx, tenant, id, &Map::new()).await?;
        store::dismiss_everywhere(&*tx, tenant, id).await?;
        if old.active {
            for who in whose::people(services, &*tx, tenant, &old).await? {
                change::send_away(services, &tx, &old, &who, now).await?;
            }
        }
        let told = json!({ "id": old.id, "provider": old.provider, "userName": old.user_name, "who": old.who });
        tx.tell("scim-user-deleted", &change::about(&old), told);
        tx.commit().await?;
        doors::forget(services).await?;
        return Ok(());
    }
    Err(ScimError::Changed)
}
