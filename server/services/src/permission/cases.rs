//! Example cases, kept beside policies: who may, or may not, do what, on what.

use std::collections::BTreeSet;

use domain::identity::{Caller, Permission, PolicyProblem, Standing, Subject, Tenant};
use serde::Deserialize;

use super::{
    resource::{Resource, Traits},
    rules::Rules,
};

/// How many cases stand beside one document.
const MOST: usize = 200;

/// One example.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows.
    it: String,
    /// Who asks; someone if left out.
    #[serde(default)]
    who: Option<String>,
    #[serde(default)]
    roles: BTreeSet<String>,
    #[serde(default)]
    teams: BTreeSet<String>,
    #[serde(default)]
    may: Option<String>,
    #[serde(default, rename = "mayNot")]
    may_not: Option<String>,
    on: On,
}

/// What a case is about: a word, or a thing with what it has.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum On {
    Word(Word),
    Thing(Box<Thing>),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Own,
    Platform,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct Thing {
    entity: Option<String>,
    template: Option<String>,
    source: Option<String>,
    run: Option<String>,
    repository: Option<String>,
    team: Option<String>,
    place: Option<String>,
    policy: Option<String>,
    started_by: Option<String>,
    #[serde(rename = "type")]
    type_: Option<String>,
    lifecycle: Option<String>,
    environment: Option<String>,
    tags: Vec<String>,
    teams: Vec<String>,
    people: Vec<String>,
}

impl Thing {
    fn traits(&self, reference: &str) -> Traits {
        Traits {
            reference: reference.to_owned(),
            type_: self.type_.clone(),
            lifecycle: self.lifecycle.clone(),
            environment: self.environment.clone(),
            tags: self.tags.clone(),
            owners: self.teams.iter().chain(&self.people).cloned().collect(),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let plain = Resource::plain;
        Some(match self {
            Self { entity: Some(reference), .. } => Resource::of_traits("Entity", &self.traits(reference)),
            Self { template: Some(reference), .. } => Resource::of_traits("Template", &self.traits(reference)),
            Self { source: Some(kind), .. } => Resource::of_source("example", kind, "", &self.traits("").owners),
            Self { run: Some(template), .. } => {
                Resource::run("example", &self.traits(template), self.started_by.as_deref().unwrap_or_default())
            }
            Self { repository: Some(name), .. } => Resource::repository(name),
            Self { team: Some(reference), .. } => plain("Team", reference),
            Self { place: Some(address), .. } => Resource::place(address),
            Self { policy: Some(name), .. } => plain("Policy", name),
            _ => return None,
        })
    }
}

/// Reads example cases and asks `rules` about each.
///
/// # Errors
/// Every case that does not hold or cannot be read.
pub(super) fn hold(rules: &Rules, text: &str) -> Result<usize, Vec<PolicyProblem>> {
    if text.trim().is_empty() {
        return Ok(0);
    }
    let cases: Vec<Case> = serde_saphyr::from_str(text)
        .map_err(|error| vec![PolicyProblem::plain(format!("the example cases cannot be read: {error}"))])?;
    if cases.len() > MOST {
        return Err(vec![PolicyProblem::plain(format!("more than {MOST} example cases stand beside one document"))]);
    }
    let problems: Vec<PolicyProblem> =
        cases.iter().filter_map(|case| holds(rules, case).err()).map(PolicyProblem::plain).collect();
    if problems.is_empty() { Ok(cases.len()) } else { Err(problems) }
}

fn holds(rules: &Rules, case: &Case) -> Result<(), String> {
    let it = &case.it;
    let (name, expected) = match (&case.may, &case.may_not) {
        (Some(name), None) => (name, true),
        (None, Some(name)) => (name, false),
        _ => return Err(format!("the case `{it}` needs `may` or `mayNot`, and not both")),
    };
    let permission = Permission::named(name).ok_or_else(|| {
        let known: Vec<&str> = Permission::ALL.into_iter().map(Permission::name).collect();
        format!("the case `{it}`: `{name}` is none of {}", known.join(", "))
    })?;
    let resource = match &case.on {
        On::Word(Word::Own) => Some(Resource::plain("Own", "example")),
        On::Word(Word::Platform) => Some(Resource::plain("Platform", "platform")),
        On::Thing(thing) => thing.resource(),
    };
    let resource = resource.ok_or_else(|| {
        format!("the case `{it}`: `on` names nothing; write `entity`, `template`, `source`, `run`, `repository`, `team`, `place` or `policy`")
    })?;
    let subject = match case.who.as_deref() {
        None => Subject::Person("user:default/someone".to_owned()),
        Some(who) => who.parse().map_err(|error| format!("the case `{it}`: {error}"))?,
    };
    let standing = Standing { roles: case.roles.clone(), teams: case.teams.clone(), ..Standing::default() };
    let caller = Caller { tenant: Tenant::default(), subject, standing: std::sync::Arc::new(standing) };
    let footing = Rules::example(&caller);
    let verdict = rules.decide(&footing, permission, &resource);
    if verdict.is_allowed == expected {
        return Ok(());
    }
    let by: Vec<String> = verdict.by.iter().map(|policy| format!("`{policy}`")).collect();
    let by = if by.is_empty() { "no policy permits it".to_owned() } else { format!("by {}", by.join(", ")) };
    let (said, found) = if expected { ("may", "is refused") } else { ("may not", "is permitted") };
    Err(format!("the case `{it}` does not hold: they {said} {name}, but it {found}: {by}"))
}
