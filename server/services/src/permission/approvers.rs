//! Who may agree to runs that wait for it.

use std::{collections::HashMap, fmt::Write as _};

use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Target},
};

use super::{
    narrowed,
    questions::{WhoCan, those_who_can},
    resource::{Resource, Traits},
};
use crate::{Result, Services, catalog, identity};

/// How many of those who may agree are named.
const NAMED: usize = 4;

/// Who may agree to the runs of a template that the caller starts, in words. Nobody is named to those who may not read policies.
pub(crate) async fn approvers(services: &Services, caller: &Caller, template: &EntityRef) -> Result<String> {
    if !identity::is_allowed(services, caller, Permission::ReadPolicies, Target::Platform).await? {
        return Ok("someone who may approve it".to_owned());
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let traits = traits(services, caller, &template.to_string()).await?;
    let resource = Resource::run("any", &traits, caller.label());
    Ok(named(&those_who_can(&rules, caller, Permission::ApproveRun, &resource)))
}

/// `team-lead in group:default/berths, platform-engineer or administrator`.
fn named(found: &[WhoCan]) -> String {
    let words: Vec<String> = found
        .iter()
        .map(|who| match &who.of {
            Some(of) if who.role.is_empty() => format!("`{of}`"),
            Some(of) => format!("{} in `{of}`", who.role),
            None => who.role.clone(),
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

/// Which of these runs, by template and starter, the caller may decide about as far as policies go.
pub(crate) async fn may_approve(services: &Services, caller: &Caller, runs: &[(&str, &str)]) -> Result<Vec<bool>> {
    if let Some(is_allowed) = domain::identity::foregone(caller) {
        return Ok(vec![is_allowed; runs.len()]);
    }
    if narrowed(caller, Permission::ApproveRun).is_some() {
        return Ok(vec![false; runs.len()]);
    }
    let rules = services.permission.rules(services, &caller.tenant).await?;
    let footing = rules.footing(caller);
    let mut known: HashMap<&str, Traits> = HashMap::new();
    for (template, _) in runs {
        if !known.contains_key(template) {
            known.insert(template, traits(services, caller, template).await?);
        }
    }
    let decided = runs.iter().map(|(template, starter)| {
        let resource = Resource::run("any", &known[template], starter);
        rules.decide(&footing, Permission::ApproveRun, &resource).is_allowed
    });
    Ok(decided.collect())
}

async fn traits(services: &Services, caller: &Caller, template: &str) -> Result<Traits> {
    let known = catalog::traits(services, &caller.tenant, template).await?;
    Ok(known.unwrap_or_else(|| Traits { reference: template.to_owned(), ..Traits::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_may_agree_are_named_in_words() {
        let who = |role: &str, of: Option<&str>| WhoCan {
            role: role.to_owned(),
            of: of.map(str::to_owned),
            holders: Vec::new(),
            reasons: Vec::new(),
        };
        let lead = who("team-lead", Some("group:default/berths"));
        assert_eq!(named(&[]), "administrator");
        assert_eq!(
            named(&[lead.clone(), who("", Some("user:default/ada"))]),
            "team-lead in `group:default/berths` or `user:default/ada`"
        );
        let many = vec![who("x", None); 6];
        assert_eq!(named(&many), "x, x, x, x or 2 others");
    }
}
