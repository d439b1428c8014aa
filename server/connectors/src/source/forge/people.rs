//! Teams and members as the documents that Backstage's providers make of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::api::{People, Person, Team};

pub(super) use services::catalog::ports::{MEMBERS, TEAMS};

/// A document about a team or a member, and where it is at the forge.
#[derive(Debug, Clone)]
pub(super) struct About {
    pub(super) content: Bytes,
    pub(super) web: String,
    pub(super) edit: Option<String>,
}

/// A document for each.
pub(super) fn documents(people: People) -> BTreeMap<String, About> {
    let known: HashSet<String> = people.persons.iter().map(|person| person.name.clone()).collect();
    let mut member_of: HashMap<String, Vec<String>> = HashMap::new();
    for team in &people.teams {
        for member in &team.members {
            member_of.entry(member.clone()).or_default().push(named(&team.name));
        }
    }
    let teams = people.teams.into_iter().map(|team| (path(TEAMS, team.id, &team.name), of_team(team, &known)));
    let mut all: BTreeMap<String, About> = teams.collect();
    for person in people.persons {
        let mut teams = member_of.remove(&person.name).unwrap_or_default();
        teams.sort();
        all.insert(path(MEMBERS, person.id, &person.name), of_person(person, &teams));
    }
    all
}

/// Where a team or a member stands: at what stays when it is renamed, since a new name at an old place is the same thing.
fn path(folder: &str, id: Option<u64>, name: &str) -> String {
    id.map_or_else(|| format!("{folder}{name}"), |id| format!("{folder}{id}"))
}

fn of_team(team: Team, known: &HashSet<String>) -> About {
    let mut profile = Map::new();
    put(&mut profile, "displayName", Some(team.title));
    put(&mut profile, "picture", team.picture);
    let members: Vec<String> =
        team.members.iter().filter(|member| known.contains(*member)).map(|member| named(member)).collect();
    let mut spec = json!({ "type": "team", "profile": profile, "children": [], "members": members });
    if let Some(parent) = team.parent {
        spec["parent"] = named(&parent).into();
    }
    let metadata = metadata(&team.name, team.description, team.annotations);
    About { content: document("Group", metadata, spec), web: team.web, edit: team.edit }
}

fn of_person(person: Person, teams: &[String]) -> About {
    let mut profile = Map::new();
    put(&mut profile, "displayName", person.title);
    put(&mut profile, "email", person.email);
    put(&mut profile, "picture", person.picture);
    let spec = json!({ "profile": profile, "memberOf": teams });
    let metadata = metadata(&person.name, person.description, person.annotations);
    About { content: document("User", metadata, spec), web: person.web, edit: None }
}

fn put(map: &mut Map<String, Value>, key: &str, text: Option<String>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        map.insert(key.to_owned(), text.into());
    }
}

fn metadata(name: &str, description: Option<String>, annotations: Vec<(String, String)>) -> Value {
    let annotations: Map<String, Value> = annotations.into_iter().map(|(key, value)| (key, value.into())).collect();
    let mut metadata = json!({ "name": named(name), "annotations": annotations });
    if let Some(description) = description {
        metadata["description"] = description.into();
    }
    metadata
}

fn document(kind: &str, metadata: Value, spec: Value) -> Bytes {
    let document = json!({ "apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec });
    format!("{document:#}\n").into()
}

/// A name that an entity may have.
fn named(name: &str) -> String {
    let fits = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    let name: String = name.chars().map(fits).take(63).collect();
    let name = name.trim_matches(['-', '_', '.']);
    if name.is_empty() { "unnamed".to_owned() } else { name.to_owned() }
}
