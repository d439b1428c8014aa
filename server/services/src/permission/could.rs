//! What someone could do who need not be here.

use std::{collections::BTreeSet, sync::Arc};

use domain::identity::{Caller, Effect, Permission, Reason, Standing, Subject, Target};

use super::{
    language, narrowed,
    resource::Resource,
    rules::{Extent, Footing, Rules, Verdict},
};
use crate::{
    Error, Result, Services,
    identity::{self, Person},
};

/// How far someone may do one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MayRow {
    /// The thing.
    pub permission: Permission,
    /// On everything, on some things, on nothing.
    pub extent: Extent,
    /// The policies that matter.
    pub reasons: Vec<Reason>,
    /// Why they may not, whatever the policies say: their tokens are narrowed to other things.
    pub narrowed: Option<String>,
}

/// What someone could do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Could {
    /// Their roles, with those that these contain.
    pub roles: BTreeSet<String>,
    /// Their teams, with those above.
    pub teams: BTreeSet<String>,
    /// Permission by permission.
    pub rows: Vec<MayRow>,
    /// What else is to be known, in a sentence.
    pub aside: Option<String>,
}

/// What someone could do, permission by permission. For administrators, and for everyone about themselves.
///
/// # Errors
/// [`Error::NotFound`] if nobody of this name is known.
pub async fn what_could(services: &Services, caller: &Caller, who: &Subject) -> Result<Could> {
    // References are the same however they are written.
    let small = if let Subject::Person(name) = who { Some(Subject::Person(name.to_lowercase())) } else { None };
    let who = small.as_ref().unwrap_or(who);
    if *who != caller.subject {
        identity::may(services, caller, Permission::ManagePolicies, Target::Platform).await?;
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let (ways, aside) =
        if *who == caller.subject { (vec![caller.clone()], None) } else { ways(services, caller, &rules, who).await? };
    let mut could = Could { aside, ..Could::default() };
    for way in &ways {
        could.teams.extend(way.standing.teams.iter().cloned());
        let rows = if let Some(is_allowed) = domain::identity::foregone(way) {
            let extent = if is_allowed { Extent::Everything } else { Extent::Nothing };
            let row = |permission| MayRow { permission, extent, reasons: Vec::new(), narrowed: None };
            Permission::ALL.into_iter().map(row).collect()
        } else {
            let footing = rules.footing(way);
            could.roles.extend(footing.roles.iter().cloned());
            rules.rows(way, &footing)
        };
        could.take_in(rows);
    }
    Ok(could)
}

/// The roles of a caller, however they come by them, with those that these contain; none of those about whom nothing is asked.
pub async fn roles_of(services: &Services, caller: &Caller) -> Result<BTreeSet<String>> {
    if domain::identity::foregone(caller).is_some() {
        return Ok(caller.standing.roles.clone());
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    Ok(rules.footing(caller).roles.clone())
}

impl Could {
    /// Of several tokens, the one counts that may more.
    fn take_in(&mut self, rows: Vec<MayRow>) {
        if self.rows.is_empty() {
            self.rows = rows;
            return;
        }
        for (known, row) in self.rows.iter_mut().zip(rows) {
            if row.extent > known.extent {
                *known = row;
            }
        }
    }
}

/// Someone who is not here, as they would come in: with each of their tokens, where it is a machine.
async fn ways(
    services: &Services,
    caller: &Caller,
    rules: &Rules,
    who: &Subject,
) -> Result<(Vec<Caller>, Option<String>)> {
    let one = |standing| Caller { tenant: caller.tenant.clone(), subject: who.clone(), standing: Arc::new(standing) };
    let unknown = |why: &str| Err(Error::NotFound(format!("nobody is known as `{who}`: {why}")));
    let has_role = rules.was_given(&who.to_string());
    match who {
        Subject::Machine(_) => {
            let mut all = identity::machines(services, &caller.tenant).await?;
            all.retain(|machine| machine.subject == *who);
            match all.len() {
                0 if has_role => {
                    let aside =
                        "it has no living token and is no pipeline: this is what a token with every scope could do";
                    Ok((vec![one(Standing::default())], Some(aside.to_owned())))
                }
                0 => unknown("no living service token and no pipeline of the settings is called so"),
                _ => Ok((all, None)),
            }
        }
        Subject::Person(name) => match identity::person(services, &caller.tenant, name).await? {
            Person::In(teams) => {
                let identity = identity::bearer(services, &caller.tenant, name, None).await?;
                Ok((vec![one(Standing { teams, identity, ..Standing::default() })], None))
            }
            Person::Away => {
                let aside = "they may not come in: their account is blocked, or their directory sent them away";
                let nobody = Caller::new(caller.tenant.clone(), Subject::Stranger);
                Ok((vec![nobody], Some(aside.to_owned())))
            }
            Person::Unknown if has_role => Ok((vec![one(Standing::default())], None)),
            Person::Unknown => unknown(
                "no User of the catalog is called so, nobody came in under this name, and no role was given to it",
            ),
        },
        Subject::Stranger => unknown("a name like `user:default/ada` or `machine:deployer` is asked for"),
        Subject::Guest | Subject::Administrator | Subject::System(_) => Ok((vec![one(Standing::default())], None)),
    }
}

impl Rules {
    /// How far this is permitted.
    pub(super) fn extent(&self, footing: &Footing, permission: Permission) -> Extent {
        // Where there is one thing only that it could be done on, it is tried.
        if let Some(only) = the_only(footing, permission) {
            let is_allowed = self.decide(footing, permission, &only).is_allowed;
            return if is_allowed { Extent::Everything } else { Extent::Nothing };
        }
        let reach = self.reach(footing, permission);
        if reach != Extent::Some {
            return reach;
        }
        self.evaluated(footing, permission).unwrap_or_else(|error| {
            tracing::error!(?permission, %error, "policies could not be evaluated in part");
            reach
        })
    }

    /// The same, by what policies say of kinds of things, without a look at any.
    pub(super) fn reach(&self, footing: &Footing, permission: Permission) -> Extent {
        if self.always(footing, permission) {
            Extent::Everything
        } else if self.could(footing, permission) {
            Extent::Some
        } else {
            Extent::Nothing
        }
    }

    /// How far someone may do each thing, as they came in.
    fn rows(&self, way: &Caller, footing: &Footing) -> Vec<MayRow> {
        let read = Permission::ReadCatalog;
        let sees_some = self.extent(footing, read) == Extent::Some;
        let row = |permission| {
            let narrowed = narrowed(way, permission).map(|denied| denied.why);
            let extent = if narrowed.is_some() { Extent::Nothing } else { self.extent(footing, permission) };
            // With what is hidden from someone they may do nothing.
            let is_hidden = sees_some && permission != read && is_of_things(permission);
            let extent = if is_hidden { extent.min(Extent::Some) } else { extent };
            MayRow { permission, extent, reasons: self.concerned(footing, permission), narrowed }
        };
        Permission::ALL.into_iter().map(row).collect()
    }

    /// The policies that have to do with a permission, and whether they mean this caller.
    fn concerned(&self, footing: &Footing, permission: Permission) -> Vec<Reason> {
        let none = Verdict { is_allowed: false, by: Vec::new() };
        let mut reasons = self.reasons(footing, permission, None, &none);
        reasons.retain(|reason| !matches!(reason.effect, Effect::NeedsRole(_)));
        for reason in &mut reasons {
            if reason.effect == Effect::NotSo {
                reason.effect = Effect::Permits;
            }
        }
        reasons.extend(self.forbidding(footing, permission));
        reasons
    }
}

/// Whether a permission is used on what is hidden from those who do not read it.
fn is_of_things(permission: Permission) -> bool {
    language::kinds_of(permission).iter().any(|kind| ["Entity", "Source", "Template", "Run"].contains(&kind.as_str()))
}

/// What a permission is used on, where that is one thing: the platform, or what is one's own.
fn the_only(footing: &Footing, permission: Permission) -> Option<Resource> {
    let kinds = language::kinds_of(permission);
    let mut kinds = kinds.iter();
    match (kinds.next().map(String::as_str), kinds.next()) {
        (Some("Platform"), None) => Some(Resource::plain("Platform", "platform")),
        (Some("Own"), None) => Some(Resource::plain("Own", footing.principal.id().unescaped())),
        _ => None,
    }
}
