//! Whether a name still means whom it meant: names of people change hands in the catalog, and nobody goes on as someone else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::identity::{Caller, Entry, Subject, Tenant};
use sea_orm::prelude::Uuid;
use serde_json::Value;

use super::{
    accounts::{self, FoundBy},
    renamed, sessions, tokens,
};
use crate::{Result, Services, catalog};

/// The User of the catalog that a name means now.
#[derive(Debug, Default)]
pub(super) struct Meant {
    /// Nil where it means none whose source is trusted with people.
    pub(super) uid: Uuid,
    user: Option<Value>,
}

/// The same of whoever comes in; nothing of those who are in no catalog.
pub(super) async fn meant_by(services: &Services, tenant: &Tenant, who: &Subject) -> Result<Option<Meant>> {
    match who {
        Subject::Person(who) => meant(services, tenant, who).await.map(Some),
        _ => Ok(None),
    }
}

/// The User of the catalog that a name means now.
pub(super) async fn meant(services: &Services, tenant: &Tenant, who: &str) -> Result<Meant> {
    let found = catalog::vouched_user(services, tenant, who).await?;
    Ok(Meant::of(found))
}

impl Meant {
    fn of(found: Option<(Uuid, Value)>) -> Self {
        found.map_or_else(Self::default, |(uid, user)| Self { uid, user: Some(user) })
    }

    /// Whether whom a name meant then is not another one now. Of what was noted before that was asked, nothing is known; a name that
    /// means nobody now has nobody else's rights.
    pub(super) fn is_same(&self, then: Option<Uuid>) -> bool {
        self.uid.is_nil() || then.is_none_or(|then| then == self.uid)
    }

    /// Whether their entry still has what somebody was found by who was taken for them, in words: it may have been mended, or given
    /// to somebody else.
    pub(super) fn is_found_by(&self, words: &str) -> bool {
        let Ok(found_by) = words.parse::<FoundBy>();
        self.user.as_ref().is_none_or(|user| found_by.finds(user))
    }

    /// What address the catalog gives for them, in small letters.
    pub(super) fn address(&self) -> Option<String> {
        let address = self.user.as_ref()?.pointer("/spec/profile/email")?.as_str()?.trim().to_lowercase();
        (!address.is_empty()).then_some(address)
    }

    /// What it says in those of these annotations that it has, in small letters.
    pub(super) fn told_by(&self, telling: &BTreeSet<String>) -> BTreeMap<String, String> {
        self.user.as_ref().map(|user| renamed::told_by(user, telling)).unwrap_or_default()
    }

    /// Whether an account is still theirs: the rules would find them again, or it was by no rule that they were found. A name, or a login
    /// that an annotation says, is given on: with another address the entry is somebody else's, until its owner comes in and says otherwise.
    pub(super) fn is_of(&self, account: &accounts::store::Row) -> bool {
        let Ok(found_by) = account.matched_by.parse::<FoundBy>();
        let is_elsewhere = account.address.as_ref().zip(self.address()).is_some_and(|(then, now)| *then != now);
        match &self.user {
            _ if !found_by.is_said() => false,
            Some(user) if found_by.is_of_catalog() => found_by.finds(user) && !is_elsewhere,
            // The name was made for them: who declares it means them, unless that is said to have another address.
            _ if account.just_in_time => self.address().is_none_or(|address| account.address == Some(address)),
            _ => self.is_same(account.user_uid),
        }
    }

    /// The same among `all` accounts that stand under the name: where it means nobody any more, it is that of whoever came in last.
    pub(super) fn bears(&self, account: &accounts::store::Row, all: &[accounts::store::Row]) -> bool {
        let is_last = || {
            let under = all.iter().filter(|row| row.who == account.who);
            under.max_by_key(|row| row.seen_at).is_none_or(|last| last.person() == account.person())
        };
        self.is_of(account) && (self.user.is_some() || is_last())
    }
}

/// What the User is called now as whom somebody came in last; none where that one is in the catalog no longer.
pub(super) async fn called_now(
    services: &Services,
    tenant: &Tenant,
    account: &accounts::store::Row,
) -> Result<Option<String>> {
    if let Some(uid) = account.user_uid.filter(|uid| !uid.is_nil())
        && let Some(name) = catalog::name_of(services, tenant, uid).await?
        && meant(services, tenant, &name).await?.uid == uid
    {
        return Ok(Some(name));
    }
    // The entry may have gone and come back.
    Ok((!meant(services, tenant, &account.who).await?.uid.is_nil()).then(|| account.who.clone()))
}

/// Whether what began in somebody's name, when that meant `uid`, through that account, is still theirs. An account tells that better
/// than the uid, which is another one where an entry went and came back.
pub(super) async fn stands(
    services: &Services,
    tenant: &Tenant,
    who: &str,
    (uid, account): (Option<Uuid>, Option<Uuid>),
) -> Result<bool> {
    let account = match account {
        Some(id) => accounts::store::by_id(&services.db, tenant, id).await?,
        None => None,
    };
    let now = meant(services, tenant, who).await?;
    let all = accounts::store::of(&services.db, tenant, who).await?;
    goes_on(services, tenant, (who, &now, &all), (uid, account.as_ref())).await
}

/// Those of these accounts whose name still means whoever has them.
pub(super) async fn standing(
    services: &Services,
    tenant: &Tenant,
    accounts: &[accounts::store::Row],
) -> Result<HashSet<Uuid>> {
    let names: Vec<String> = accounts.iter().map(|account| account.who.clone()).collect();
    let mut all: HashMap<String, Vec<accounts::store::Row>> = HashMap::new();
    for row in accounts::store::of_names(&services.db, tenant, &names).await? {
        all.entry(row.who.clone()).or_default().push(row);
    }
    let users = catalog::vouched_users(services, tenant, &names).await?;
    let mut standing = HashSet::with_capacity(accounts.len());
    for account in accounts {
        let now = Meant::of(users.get(&account.who).cloned());
        if goes_on(
            services,
            tenant,
            (&account.who, &now, all.get(&account.who).map_or(&[][..], Vec::as_slice)),
            (account.user_uid, Some(account)),
        )
        .await?
        {
            standing.insert(account.id);
        }
    }
    Ok(standing)
}

/// Whether what somebody began under a name, when that meant `uid`, through that account, is that of whoever bears the name now.
pub(super) async fn is_own(
    services: &Services,
    tenant: &Tenant,
    who: &str,
    (uid, account): (Option<Uuid>, Option<Uuid>),
) -> Result<bool> {
    let now = meant(services, tenant, who).await?;
    let account = match account {
        Some(id) => accounts::store::by_id(&services.db, tenant, id).await?,
        None => None,
    };
    let all = accounts::store::of(&services.db, tenant, who).await?;
    Ok(account.map_or_else(|| now.is_same(uid), |account| has_any((who, &now), &account, &all)))
}

/// Whether any account of the same person stands under a name.
fn has_any((who, now): (&str, &Meant), account: &accounts::store::Row, all: &[accounts::store::Row]) -> bool {
    let is_theirs = |other: &accounts::store::Row| other.who == who && other.person() == account.person();
    now.bears(account, all) || all.iter().any(|other| is_theirs(other) && now.bears(other, all))
}

async fn goes_on(
    services: &Services,
    tenant: &Tenant,
    (who, now, all): (&str, &Meant, &[accounts::store::Row]),
    (uid, account): (Option<Uuid>, Option<&accounts::store::Row>),
) -> Result<bool> {
    if now.uid.is_nil()
        && let Some(uid) = uid.filter(|uid| !uid.is_nil())
        && catalog::name_of(services, tenant, uid).await?.is_some_and(|name| name != who)
    {
        // They are called otherwise, and have what is theirs under that name.
        return Ok(false);
    }
    Ok(match account {
        Some(account) if account.who != who => false,
        Some(account) => has_any((who, now), account, all),
        None => now.is_same(uid),
    })
}

/// The account through which a caller came in.
pub(super) async fn account_of(services: &Services, caller: &Caller) -> Result<Option<Uuid>> {
    Ok(match &caller.standing.source {
        Entry::Session(id) => match id.parse() {
            Ok(id) => sessions::store::by_id(&services.db, &caller.tenant, id).await?.and_then(|row| row.account),
            Err(_) => None,
        },
        Entry::Token(id) => match id.parse() {
            Ok(id) => tokens::store::by_id(&services.db, &caller.tenant, id).await?.and_then(|row| row.account),
            Err(_) => None,
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whoever_bears_a_name_now_goes_on_under_it() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let meant = |uid| Meant { uid, user: None };
        assert!(meant(one).is_same(Some(one)) && !meant(other).is_same(Some(one)));
        assert!(!meant(one).is_same(Some(Uuid::nil())), "they were in no catalog, and someone of the name is by now");
        assert!(meant(Uuid::nil()).is_same(Some(one)) && meant(one).is_same(None));
    }
}
