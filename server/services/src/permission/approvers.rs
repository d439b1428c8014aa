//! Who may agree to runs that wait for it.

use std::{collections::HashMap, fmt::Write as _};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Target},
};
use uuid::Uuid;

use super::{
    narrowed,
    question::Question,
    resource::{Resource, Traits, traits},
    who_can::{WhoCan, all_who_can},
};
use crate::{Result, Services, catalog, identity};

/// How many of those who may agree are named.
const NAMED: usize = 4;
/// How many people are named who have a role.
const PEOPLE: usize = 3;

/// Who may agree to a run of a template, in words: one that waits, or one that the caller is about to start. Nobody is named to those who
/// may not read policies.
pub(crate) async fn approvers(
    services: &Services,
    caller: &Caller,
    template: &EntityRef,
    run: Option<Uuid>,
) -> Result<String> {
    if !identity::is_allowed(services, caller, Permission::ReadPolicies, Target::Platform).await? {
        return Ok("someone who may approve it".to_owned());
    }
    let question = if let Some(id) = run {
        Question::of(services, caller, Permission::ApproveRun, Target::Run(id)).await?
    } else {
        let traits = traits(services, caller, &template.to_string()).await?;
        Question::of_new_run(&traits, &caller.subject.to_string())
    };
    let mut found = Vec::new();
    for who in all_who_can(services, caller, &question).await? {
        let people = people(services, caller, &who).await?;
        found.push((who, people));
    }
    Ok(named(&found))
}

/// Those who have the role, where it was given to a few people by name whom the caller sees all.
async fn people(services: &Services, caller: &Caller, who: &WhoCan) -> Result<Vec<String>> {
    let given: Vec<EntityRef> = who
        .holders
        .iter()
        .filter(|holder| holder.starts_with("user:"))
        .filter_map(|holder| holder.parse().ok())
        .collect();
    let is_few = given.len() == who.holders.len() && (1..=PEOPLE).contains(&given.len()) && !who.role.is_empty();
    if !is_few || catalog::entities(services, caller, &given).await?.iter().any(Option::is_none) {
        return Ok(Vec::new());
    }
    Ok(given.iter().map(|person| format!("`{person}`")).collect())
}

/// `team-lead in group:default/berths, platform-engineer (user:default/ada) or administrator`.
fn named(found: &[(WhoCan, Vec<String>)]) -> String {
    let words: Vec<String> = found
        .iter()
        .map(|(who, people)| {
            let role = match &who.of {
                Some(of) if who.role.is_empty() => format!("`{of}`"),
                Some(of) => format!("{} in `{of}`", who.role),
                None if who.role.is_empty() => together(who),
                None => who.role.clone(),
            };
            if people.is_empty() { role } else { format!("{role} ({})", people.join(", ")) }
        })
        .collect();
    let mut told = String::new();
    let shown = words.len().min(NAMED);
    for (at, word) in words[..shown].iter().enumerate() {
        let joint = if at == 0 {
            ""
        } else if at + 1 == words.len() {
            " or "
        } else {
            ", "
        };
        let _ = write!(told, "{joint}{word}");
    }
    match words.len() - shown {
        0 if told.is_empty() => "administrator".to_owned(),
        0 => told,
        more => format!("{told} or {more} others"),
    }
}

/// People who can as they stand: `user:default/ada, user:default/grace and 3 more`.
fn together(who: &WhoCan) -> String {
    let names: Vec<String> = who.holders.iter().take(PEOPLE).map(|name| format!("`{name}`")).collect();
    match who.holders.len() - names.len() + who.unnamed {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// A run that waits: its template, who started it, and what the template was then.
pub(crate) struct Waiting<'a> {
    pub(crate) template: &'a str,
    pub(crate) starter: String,
    pub(crate) then: Traits,
}

/// Which of these runs the caller may decide about as far as policies go.
pub(crate) async fn may_approve(services: &Services, caller: &Caller, runs: &[Waiting<'_>]) -> Result<Vec<bool>> {
    if let Some(is_allowed) = domain::identity::foregone(caller) {
        return Ok(vec![is_allowed; runs.len()]);
    }
    if narrowed(caller, Permission::ApproveRun).is_some() {
        return Ok(vec![false; runs.len()]);
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let footing = rules.footing(caller);
    let mut known: HashMap<&str, Traits> = HashMap::new();
    for Waiting { template, .. } in runs {
        if !known.contains_key(template) {
            known.insert(template, traits(services, caller, template).await?);
        }
    }
    let decided = runs.iter().map(|Waiting { template, starter, then }| {
        [&known[template], then].into_iter().all(|traits| {
            let resource = Resource::run("any", traits, starter);
            rules.decide(&footing, Permission::ApproveRun, &resource).is_allowed
        })
    });
    Ok(decided.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_may_agree_are_named_in_words() {
        let who = |role: &str, of: Option<&str>| {
            let of = of.map(str::to_owned);
            (
                WhoCan {
                    role: role.to_owned(),
                    of,
                    holders: Vec::new(),
                    reasons: Vec::new(),
                    except: Vec::new(),
                    unnamed: 0,
                },
                Vec::new(),
            )
        };
        let lead = who("team-lead", Some("group:default/berths"));
        assert_eq!(named(&[]), "administrator");
        assert_eq!(
            named(&[lead.clone(), who("", Some("user:default/ada"))]),
            "team-lead in `group:default/berths` or `user:default/ada`"
        );
        let (engineer, _) = who("platform-engineer", None);
        let two = ["`user:default/ada`", "`user:default/grace`"].map(str::to_owned).to_vec();
        assert_eq!(named(&[(engineer, two)]), "platform-engineer (`user:default/ada`, `user:default/grace`)");
        let many = vec![who("x", None); 6];
        assert_eq!(named(&many), "x, x, x, x or 2 others");
    }
}
