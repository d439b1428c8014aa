//! The language that policies are written in: Cedar, with a schema that says what there is to speak of.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use cedar_policy::{
    EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator,
};
use domain::identity::{Permission, PolicyProblem, Verb};
use miette::{Diagnostic, LabeledSpan};

use super::bounds;

/// The schema, as people may read it.
pub const SCHEMA: &str = include_str!("schema.cedarschema");

/// The longest policy document, and how many policies stand in one.
pub(super) const LONGEST: usize = 64 * 1024;
const MOST: usize = 200;

/// How much of a stack the deepest policies take to be read, and then some.
const STACK: usize = 64 * 1024 * 1024;

static PARSED: LazyLock<Schema> = LazyLock::new(|| {
    let (schema, _) =
        Schema::from_cedarschema_str(SCHEMA).expect("the schema is a file of this crate, which tests read");
    schema
});
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| Validator::new(PARSED.clone()));

pub(super) fn schema() -> &'static Schema {
    &PARSED
}

/// An entity's identity in policies. `kind` is a word of the schema.
pub(super) fn uid(kind: &str, id: &str) -> EntityUid {
    let kind: EntityTypeName = kind.parse().expect("types are words of the schema");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

/// The kinds of things on which a permission is used.
pub(super) fn kinds_of(permission: Permission) -> &'static BTreeSet<String> {
    static KINDS: LazyLock<HashMap<Permission, BTreeSet<String>>> = LazyLock::new(|| {
        let kinds = |permission: Permission| {
            let kinds = PARSED.resources_for_action(&uid("Action", permission.name())).into_iter().flatten();
            (permission, kinds.map(|kind| kind.basename().to_owned()).collect())
        };
        Permission::ALL.into_iter().map(kinds).collect()
    });
    static NONE: BTreeSet<String> = BTreeSet::new();
    KINDS.get(&permission).unwrap_or(&NONE)
}

/// The identity of a group of actions.
pub(super) fn verb(verb: Verb) -> EntityUid {
    uid("Action", verb.as_str())
}

/// Reads a document: its policies, named by their `@id` or by their place in it.
///
/// # Errors
/// Every problem, with the place where it stands.
pub(super) fn read(document: &str, text: &str) -> Result<Vec<Policy>, Vec<PolicyProblem>> {
    if text.len() > LONGEST {
        let why = format!("the document is longer than {} KiB; split it", LONGEST / 1024);
        return Err(vec![PolicyProblem::plain(why)]);
    }
    if let Some(problem) = bounds::excess(text) {
        return Err(vec![problem]);
    }
    // Reading takes more of a stack than asking does.
    let read = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("policies".into()).stack_size(STACK);
        thread.spawn_scoped(scope, || read_within(document, text)).map(std::thread::ScopedJoinHandle::join)
    });
    match read {
        Ok(Ok(read)) => read,
        _ => Err(vec![PolicyProblem::plain("the document cannot be read on this machine now; try again".to_owned())]),
    }
}

/// Reads a document that is within its bounds.
fn read_within(document: &str, text: &str) -> Result<Vec<Policy>, Vec<PolicyProblem>> {
    let set: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        errors.iter().map(|error| problem(text, error)).collect::<Vec<_>>()
    })?;
    let mut problems = Vec::new();
    if let Some(template) = set.templates().next() {
        let why =
            format!("`{}` has a gap, like `?principal`, which nothing fills; write the policy out", template.id());
        problems.push(PolicyProblem::plain(why));
    }
    if set.num_of_policies() > MOST {
        problems.push(PolicyProblem::plain(format!("more than {MOST} policies stand in one document; split it")));
    }
    let checked = VALIDATOR.validate(&set, ValidationMode::Strict);
    problems.extend(checked.validation_errors().map(|error| problem(text, error)));
    let mut policies: Vec<&Policy> = set.policies().collect();
    // `policy0`, `policy1`, …: their order in the text.
    policies.sort_by_key(|policy| {
        policy.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or(usize::MAX)
    });
    let mut named = Vec::with_capacity(policies.len());
    let mut taken = std::collections::HashSet::new();
    for (number, policy) in policies.into_iter().enumerate() {
        let name = match policy.annotation("id") {
            Some(id) if !id.trim().is_empty() => id.trim().to_owned(),
            _ => format!("{document}-{}", number + 1),
        };
        if !taken.insert(name.clone()) {
            problems.push(PolicyProblem::plain(format!("two policies have the name `{name}`; change one `@id`")));
        }
        named.push(policy.new_id(PolicyId::new(name)));
    }
    if problems.is_empty() { Ok(named) } else { Err(problems) }
}

/// What Cedar says about a text, with the line and column where it says so.
fn problem(text: &str, diagnostic: &(impl Diagnostic + ?Sized)) -> PolicyProblem {
    let place = diagnostic.labels().and_then(|mut labels| labels.next()).map(|label: LabeledSpan| {
        let mut end = label.offset().min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    });
    PolicyProblem {
        place,
        message: unnamed(&diagnostic.to_string()),
        hint: diagnostic.help().map(|help| unnamed(&help.to_string())),
    }
}

/// Policies are named by their place there, which says less than the line does.
fn unnamed(text: &str) -> String {
    let rest = text.strip_prefix("for policy `").and_then(|rest| rest.split_once("`, "));
    rest.map_or(text, |(_, rest)| rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_permission_and_no_other_action() {
        use domain::identity::Permission;
        let known: std::collections::BTreeSet<String> =
            schema().actions().map(|action| action.id().unescaped().to_owned()).collect();
        let meant: std::collections::BTreeSet<String> = Permission::ALL
            .into_iter()
            .map(|permission| permission.name().to_owned())
            .chain(Verb::ALL.into_iter().map(|verb| verb.as_str().to_owned()))
            .collect();
        assert_eq!(known, meant);
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_a_hint() {
        let text = "@id(\"x\")\npermit (principal in Role::\"viewer\", action == Action::\"readCatalogue\", resource);";
        let problems = read("mine", text).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        insta::assert_snapshot!(problems[0], @r#"line 2, column 48: unrecognized action `Action::"readCatalogue"` (did you mean `Action::"readCatalog"`?)"#);
        let broken = read("mine", "permit (principal, action, resource)\nwhen { resource.type = 1 };").unwrap_err();
        assert_eq!(broken[0].place.map(|(line, _)| line), Some(2));
        let unknown = read(
            "mine",
            "permit (principal, action == Action::\"readCatalog\", resource)\nwhen { resource.kinds == \"api\" };",
        );
        assert_eq!(unknown.unwrap_err()[0].place.map(|(line, _)| line), Some(2));
    }

    #[test]
    fn policies_are_named_by_their_id_or_their_place() {
        let text = "permit (principal, action, resource);\n@id(\"second\")\nforbid (principal, action, resource);";
        let names: Vec<String> = read("mine", text).unwrap().iter().map(|policy| policy.id().to_string()).collect();
        assert_eq!(names, ["mine-1", "second"]);
    }
}
