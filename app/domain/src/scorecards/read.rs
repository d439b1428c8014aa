//! Reads the document of a scorecard, and tells all that is wrong with it at once.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    document::{Color, Level, MAX_EXPRESSION, MAX_LEVELS, MAX_RULES, Remediation, Rule, Scorecard},
    problems::{Place, Problem, Reader, named},
};
use crate::catalog::{Condition, EntityRef, Filter, ReferenceDefaults};

const MAX_TITLE: usize = 120;
const MAX_TEXT: usize = 4_000;

impl Scorecard {
    /// Reads the document of a `Scorecard` entity.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the document.
    pub fn read(reference: &EntityRef, document: &Value) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::default();
        if let Some(version) = document["apiVersion"].as_str()
            && version != "causeway.dev/v1alpha1"
        {
            reader.tell("apiVersion", format!("is `{version}`; this release reads `causeway.dev/v1alpha1`"));
        }
        let title = document["metadata"]["title"].as_str().unwrap_or(reference.name()).to_owned();
        let description = document["metadata"]["description"].as_str().unwrap_or_default().to_owned();
        let Some(spec) = reader.object(document.get("spec"), "spec") else { return Err(reader.problems) };
        reader.only(&spec, &["owner", "filter", "levels", "floor", "rules", "draft"]);
        let owner = owner(&mut reader, &spec, reference);
        let filter = filter(&mut reader, &spec);
        let floor = match spec.fields.get("floor") {
            None | Some(Value::Null) => None,
            floor => reader.object(floor, "spec.floor").and_then(|place| {
                reader.only(&place, &["title"]);
                reader.text(&place, "title", MAX_TITLE)
            }),
        };
        let levels = levels(&mut reader, &spec);
        let rules = rules(&mut reader, &spec, &levels);
        let draft = reader.flag(&spec, "draft");
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        let floor = floor.unwrap_or_else(|| "No level".to_owned());
        Ok(Self { reference: reference.clone(), title, description, owner, filter, floor, levels, rules, draft })
    }
}

fn owner(reader: &mut Reader, spec: &Place<'_>, reference: &EntityRef) -> Option<EntityRef> {
    let text = reader.text(spec, "owner", 200)?;
    let defaults = ReferenceDefaults { kind: Some("group"), namespace: reference.namespace() };
    match EntityRef::parse(&text, defaults) {
        Ok(owner) => Some(owner),
        Err(why) => {
            reader.tell(spec.at("owner"), format!("is not a reference: {why}"));
            None
        }
    }
}

fn filter(reader: &mut Reader, spec: &Place<'_>) -> Filter {
    let fields = match spec.fields.get("filter") {
        None | Some(Value::Null) => return Filter::default(),
        filter => match reader.object(filter, "spec.filter") {
            Some(place) => place.fields,
            None => return Filter::default(),
        },
    };
    let mut conditions = Vec::new();
    for (key, value) in fields {
        let path = format!("spec.filter.{key}");
        let values: Vec<Option<String>> = match value {
            Value::Null => {
                conditions.push(Condition::exists(key));
                continue;
            }
            Value::Array(items) if items.is_empty() => {
                reader.tell(path, "is an empty list, which nothing matches; name at least one value");
                continue;
            }
            Value::Array(items) => items.iter().map(plain).collect(),
            one => vec![plain(one)],
        };
        match values.into_iter().collect::<Option<Vec<String>>>() {
            Some(values) => conditions.push(Condition::any_of(key, &values)),
            None => reader.tell(path, format!("is {}; write a text or a list of texts", named(value))),
        }
    }
    Filter::all(conditions)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn levels(reader: &mut Reader, spec: &Place<'_>) -> Vec<Level> {
    let items = reader.list(spec, "levels");
    if items.is_empty() {
        reader.tell("spec.levels", "is empty; name at least one level, the lowest first");
    }
    if items.len() > MAX_LEVELS {
        reader.tell("spec.levels", format!("has {} levels; at most {MAX_LEVELS} are possible", items.len()));
    }
    let mut names = HashSet::new();
    let mut levels = Vec::new();
    for (at, item) in items.iter().take(MAX_LEVELS).enumerate() {
        let path = format!("spec.levels[{at}]");
        let Some(place) = reader.object(Some(item), &path) else { continue };
        reader.only(&place, &["name", "title", "color"]);
        let color = match reader.text(&place, "color", 20) {
            None => Color::ALL[at % Color::ALL.len()],
            Some(name) => Color::ALL.into_iter().find(|color| color.as_str() == name).unwrap_or_else(|| {
                let known = Color::ALL.map(Color::as_str).join("`, `");
                reader.tell(place.at("color"), format!("is `{name}`; use one of `{known}`"));
                Color::Silver
            }),
        };
        let Some(name) = identifier(reader, &place, "name") else { continue };
        if !names.insert(name.clone()) {
            reader.tell(place.at("name"), format!("names `{name}` a second time; each level needs a name of its own"));
            continue;
        }
        let title = reader.text(&place, "title", MAX_TITLE).unwrap_or_else(|| name.clone());
        levels.push(Level { name, title, color });
    }
    levels
}

fn rules(reader: &mut Reader, spec: &Place<'_>, levels: &[Level]) -> Vec<Rule> {
    let items = reader.list(spec, "rules");
    if items.is_empty() {
        reader.tell("spec.rules", "is empty; a scorecard judges by at least one rule");
    }
    if items.len() > MAX_RULES {
        reader.tell("spec.rules", format!("has {} rules; at most {MAX_RULES} are possible", items.len()));
    }
    let mut ids = HashSet::new();
    let mut rules = Vec::new();
    for (at, item) in items.iter().take(MAX_RULES).enumerate() {
        let Some(place) = reader.object(Some(item), &format!("spec.rules[{at}]")) else { continue };
        let Some(rule) = rule(reader, &place, levels) else { continue };
        if ids.insert(rule.id.clone()) {
            rules.push(rule);
        } else {
            reader.tell(place.at("id"), format!("is `{}` a second time; each rule needs an id of its own", rule.id));
        }
    }
    rules
}

fn rule(reader: &mut Reader, place: &Place<'_>, levels: &[Level]) -> Option<Rule> {
    reader.only(place, &["id", "title", "level", "category", "weight", "when", "expression", "message", "remediation"]);
    let id = identifier(reader, place, "id");
    let title = reader.text(place, "title", MAX_TITLE);
    let level = reader.required(place, "level", MAX_TITLE).and_then(|name| {
        let found = levels.iter().position(|level| level.name == name);
        if found.is_none() {
            let known: Vec<&str> = levels.iter().map(|level| level.name.as_str()).collect();
            let message =
                format!("is `{name}`, which is no level of this scorecard; use one of `{}`", known.join("`, `"));
            reader.tell(place.at("level"), message);
        }
        found.and_then(|at| u8::try_from(at).ok())
    });
    let category = reader.text(place, "category", MAX_TITLE);
    let weight = reader.whole_number(place, "weight", 1, 1_000);
    let when = reader.text(place, "when", MAX_EXPRESSION);
    let expression = reader.required(place, "expression", MAX_EXPRESSION);
    let message = reader.text(place, "message", MAX_TEXT);
    let remediation = remediation(reader, place);
    let (id, level, expression) = (id?, level?, expression?);
    let title = title.unwrap_or_else(|| id.clone());
    Some(Rule { id, title, level, category, weight, when, expression, message, remediation })
}

fn remediation(reader: &mut Reader, rule: &Place<'_>) -> Option<Remediation> {
    let value = rule.fields.get("remediation").filter(|value| !value.is_null())?;
    let place = reader.object(Some(value), &rule.at("remediation"))?;
    reader.only(&place, &["text", "url"]);
    let text = reader.text(&place, "text", MAX_TEXT).unwrap_or_default();
    let url = reader.text(&place, "url", MAX_TEXT).filter(|url| {
        let safe = url.starts_with("https://") || url.starts_with("http://") || url.starts_with('/');
        if !safe {
            reader.tell(place.at("url"), "is not an address; begin with `https://`, `http://` or `/`");
        }
        safe
    });
    if text.is_empty() && url.is_none() {
        reader.tell(&place.path, "says nothing; add `text` or `url`");
        return None;
    }
    Some(Remediation { text, url })
}

fn identifier(reader: &mut Reader, place: &Place<'_>, field: &str) -> Option<String> {
    let text = reader.required(place, field, 63)?;
    let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !fits {
        reader.tell(place.at(field), format!("is `{text}`; use letters, digits, `-`, `_` and `.`"));
        return None;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reference() -> EntityRef {
        EntityRef::new("Scorecard", "default", "readiness")
    }

    fn document() -> Value {
        json!({
            "apiVersion": "causeway.dev/v1alpha1",
            "kind": "Scorecard",
            "metadata": { "name": "readiness", "title": "Production readiness" },
            "spec": {
                "owner": "platform",
                "filter": { "kind": "Component", "spec.type": ["service", "website"] },
                "levels": [{ "name": "bronze", "title": "Bronze", "color": "bronze" }, { "name": "silver" }],
                "rules": [{ "id": "owner", "title": "Has an owner", "level": "bronze", "expression": "relations.ownedBy.size() > 0" }],
            },
        })
    }

    fn problems(change: impl FnOnce(&mut Value)) -> String {
        let mut document = document();
        change(&mut document);
        let problems = Scorecard::read(&reference(), &document).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_left_out_has_a_meaning() {
        let scorecard = Scorecard::read(&reference(), &document()).unwrap();
        assert_eq!(scorecard.owner.unwrap().to_string(), "group:default/platform");
        assert_eq!(scorecard.floor, "No level");
        assert_eq!(scorecard.levels[1].title, "silver");
        assert_eq!(scorecard.levels[1].color, Color::Silver);
        assert_eq!((scorecard.rules[0].weight, scorecard.rules[0].level), (1, 0));
        assert!(!scorecard.draft);
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_place() {
        let told = problems(|document| {
            document["apiVersion"] = json!("causeway.dev/v2");
            document["spec"]["levles"] = json!([]);
            document["spec"]["filter"]["spec.type"] = json!({ "not": "service" });
            document["spec"]["levels"][1]["color"] = json!("pink");
            document["spec"]["rules"] = json!([
                { "id": "a b", "level": "bronze", "expression": "true" },
                { "id": "gone", "level": "gold", "expression": "true", "weight": -1 },
                { "id": "empty", "level": "bronze", "remediation": { "url": "javascript:alert(1)" } },
                "text",
            ]);
        });
        insta::assert_snapshot!(told, @r"
        `apiVersion` is `causeway.dev/v2`; this release reads `causeway.dev/v1alpha1`
        `spec.levles` is not a field of the format; use one of `owner`, `filter`, `levels`, `floor`, `rules`, `draft`
        `spec.filter.spec.type` is an object; write a text or a list of texts
        `spec.levels[1].color` is `pink`; use one of `bronze`, `silver`, `gold`, `platinum`, `sea`, `amber`, `green`, `red`
        `spec.rules[0].id` is `a b`; use letters, digits, `-`, `_` and `.`
        `spec.rules[1].level` is `gold`, which is no level of this scorecard; use one of `bronze`, `silver`
        `spec.rules[1].weight` is not a whole number from 0 to 1000
        `spec.rules[2].expression` is missing; add it
        `spec.rules[2].remediation.url` is not an address; begin with `https://`, `http://` or `/`
        `spec.rules[2].remediation` says nothing; add `text` or `url`
        `spec.rules[3]` is a text; write an object with fields
        ");
    }

    #[test]
    fn names_are_unique_and_something_must_be_judged() {
        insta::assert_snapshot!(problems(|document| {
            document["spec"]["levels"][1]["name"] = json!("bronze");
            let rule = document["spec"]["rules"][0].clone();
            document["spec"]["rules"] = json!([rule.clone(), rule]);
        }), @r"
        `spec.levels[1].name` names `bronze` a second time; each level needs a name of its own
        `spec.rules[1].id` is `owner` a second time; each rule needs an id of its own
        ");
        insta::assert_snapshot!(problems(|document| document["spec"] = json!({})), @r"
        `spec.levels` is empty; name at least one level, the lowest first
        `spec.rules` is empty; a scorecard judges by at least one rule
        ");
        insta::assert_snapshot!(problems(|document| document["spec"] = json!([])), @"`spec` is a list; write an object with fields");
    }

    #[test]
    fn an_expression_has_a_length() {
        insta::assert_snapshot!(
            problems(|document| document["spec"]["rules"][0]["expression"] = json!("!".repeat(2_001))),
            @"`spec.rules[0].expression` is longer than 2000 characters; shorten it"
        );
    }
}
