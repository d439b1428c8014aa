//! The columns of a list of entities, as an address names them and as a table fills them.

use serde_json::Value;

use super::{Entity, EntityRef};

/// A column beside the name, which every list has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// `spec.type`.
    Type,
    /// Who owns it.
    Owner,
    /// The system it is part of.
    System,
    /// `spec.lifecycle`.
    Lifecycle,
    /// Where it stands on the first scorecard that judges it.
    Level,
    /// When its document last changed.
    Changed,
    /// The kind as written.
    Kind,
    /// `metadata.namespace`.
    Namespace,
    /// `metadata.description`.
    Description,
    /// `metadata.tags`.
    Tags,
    /// The teams of a person, and the one that a team is part of.
    Team,
    /// `spec.profile.email` of a person or a team.
    Email,
    /// Where it stands on one scorecard, by the scorecard's name.
    LevelOf(String),
    /// The value of a label.
    Label(String),
    /// The value of an annotation.
    Annotation(String),
    /// What stands at a path below `spec`.
    Spec(String),
}

impl Column {
    /// How many columns a list has at most.
    pub const MOST: usize = 12;
    /// How long the name of a column of one's own is at most.
    const LONGEST: usize = 200;

    /// The columns that have a name of their own, in the order in which they stand.
    pub const NAMED: [Self; 12] = [
        Self::Kind,
        Self::Type,
        Self::Owner,
        Self::System,
        Self::Lifecycle,
        Self::Level,
        Self::Namespace,
        Self::Tags,
        Self::Description,
        Self::Team,
        Self::Email,
        Self::Changed,
    ];

    /// The columns of a list that nobody chose any for.
    pub const USUAL: [Self; 6] = [Self::Type, Self::Owner, Self::System, Self::Lifecycle, Self::Level, Self::Changed];
    /// The same of a list of nothing but people.
    const OF_PEOPLE: [Self; 3] = [Self::Team, Self::Email, Self::Changed];
    /// The same of a list of teams, and of teams and people.
    const OF_TEAMS: [Self; 4] = [Self::Type, Self::Team, Self::Email, Self::Changed];

    /// The columns of a list of these kinds that nobody chose any for.
    pub fn usual<'a>(kinds: impl IntoIterator<Item = &'a str>) -> &'static [Self] {
        let mut usual: Option<&'static [Self]> = None;
        for kind in kinds {
            usual = Some(match (kind.to_ascii_lowercase().as_str(), usual) {
                ("user", None) => &Self::OF_PEOPLE,
                ("user", Some(before)) => before,
                ("group", _) => &Self::OF_TEAMS,
                _ => return &Self::USUAL,
            });
        }
        usual.unwrap_or(&Self::USUAL)
    }

    /// Its name in an address.
    pub fn key(&self) -> String {
        match self {
            Self::Type => "type".to_owned(),
            Self::Owner => "owner".to_owned(),
            Self::System => "system".to_owned(),
            Self::Lifecycle => "lifecycle".to_owned(),
            Self::Level => "level".to_owned(),
            Self::Changed => "changed".to_owned(),
            Self::Kind => "kind".to_owned(),
            Self::Namespace => "namespace".to_owned(),
            Self::Description => "description".to_owned(),
            Self::Tags => "tags".to_owned(),
            Self::Team => "team".to_owned(),
            Self::Email => "email".to_owned(),
            Self::LevelOf(name) => format!("level:{name}"),
            Self::Label(key) => format!("label:{key}"),
            Self::Annotation(key) => format!("annotation:{key}"),
            Self::Spec(path) => format!("spec:{path}"),
        }
    }

    /// Reads a name in an address.
    pub fn read(key: &str) -> Option<Self> {
        if let Some(named) = Self::NAMED.iter().find(|column| column.key() == key) {
            return Some(named.clone());
        }
        let (sort, rest) = key.split_once(':')?;
        let rest = rest.trim();
        if rest.is_empty() || rest.len() > Self::LONGEST {
            return None;
        }
        let rest = rest.to_owned();
        match sort {
            "level" => Some(Self::LevelOf(rest)),
            "label" => Some(Self::Label(rest)),
            "annotation" => Some(Self::Annotation(rest)),
            "spec" => Some(Self::Spec(rest)),
            _ => None,
        }
    }

    /// Its heading.
    pub fn title(&self) -> String {
        match self {
            Self::LevelOf(name) | Self::Label(name) => name.clone(),
            // The end of an annotation's name says what it is about; the whole is in the address.
            Self::Annotation(key) => key.rsplit('/').next().unwrap_or(key).to_owned(),
            Self::Spec(path) => path.clone(),
            named => {
                let key = named.key();
                let mut letters = key.chars();
                letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
            }
        }
    }

    /// What `sort` in an address says to sort by it; nothing where lists cannot.
    pub fn sort(&self) -> Option<&'static str> {
        match self {
            Self::Type => Some("type"),
            Self::Owner => Some("owner"),
            Self::System => Some("system"),
            Self::Lifecycle => Some("lifecycle"),
            Self::Changed => Some("changed"),
            _ => None,
        }
    }

    /// Whether it shows where an entity stands, which its document does not say.
    pub fn is_level(&self) -> bool {
        matches!(self, Self::Level | Self::LevelOf(_))
    }

    /// What stands in it for an entity, at most `longest` letters; nothing for a level.
    pub fn text(&self, entity: &Entity, longest: usize) -> String {
        let reference = |reference: Option<EntityRef>| reference.map(|of| of.to_string()).unwrap_or_default();
        let own = |pointer: &str| entity.text(pointer).unwrap_or_default().to_owned();
        let text = match self {
            Self::Type => own("/spec/type"),
            Self::Owner => reference(entity.owner()),
            Self::System => reference(entity.system()),
            Self::Lifecycle => own("/spec/lifecycle"),
            Self::Changed => entity.changed_at.to_rfc3339(),
            Self::Kind => entity.kind().to_owned(),
            Self::Namespace => entity.reference.namespace().to_owned(),
            Self::Description => own("/metadata/description"),
            Self::Tags => words(entity.document.pointer("/metadata/tags")),
            Self::Team => entity.teams().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            Self::Email => own("/spec/profile/email"),
            Self::Label(key) => words(beneath(entity, "labels", key)),
            Self::Annotation(key) => words(beneath(entity, "annotations", key)),
            Self::Spec(path) => {
                let below = |value: &Value, step: &str| match value {
                    Value::Array(items) => items.get(step.parse::<usize>().ok()?).cloned(),
                    other => other.get(step).cloned(),
                };
                let spec = entity.document.get("spec").cloned();
                words(path.split('.').fold(spec, |value, step| below(&value?, step)).as_ref())
            }
            Self::Level | Self::LevelOf(_) => String::new(),
        };
        match text.char_indices().nth(longest) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

fn beneath<'a>(entity: &'a Entity, part: &str, key: &str) -> Option<&'a Value> {
    entity.document.get("metadata")?.get(part)?.get(key)
}

/// A value as people read it: a list with commas, anything deeper as JSON.
fn words(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(|item| words(Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entity() -> Entity {
        Entity {
            reference: EntityRef::new("component", "default", "gate"),
            uid: uuid::Uuid::nil(),
            etag: String::new(),
            document: json!({
                "kind": "Component",
                "metadata": {
                    "name": "gate",
                    "tags": ["edge", "pci"],
                    "labels": { "tier": "1" },
                    "annotations": { "example.org/on-call": "crew" },
                },
                "spec": { "type": "service", "replicas": 3, "ports": [{ "name": "http" }], "empty": null },
            }),
            changed_at: chrono::DateTime::UNIX_EPOCH,
            source: None,
            orphaned_at: None,
        }
    }

    #[test]
    fn a_column_is_read_as_it_is_written() {
        for column in Column::NAMED.iter().cloned().chain([
            Column::LevelOf("readiness".into()),
            Column::Label("tier".into()),
            Column::Annotation("example.org/on-call".into()),
            Column::Spec("profile.email".into()),
        ]) {
            assert_eq!(Column::read(&column.key()), Some(column));
        }
        for wrong in ["", "name", "label:", "colour", "x:y", &format!("label:{}", "a".repeat(201))] {
            assert_eq!(Column::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_cell_says_what_stands_there() {
        let cell = |key: &str| Column::read(key).map(|column| column.text(&entity(), 300));
        let cells: Vec<_> =
            ["tags", "label:tier", "annotation:example.org/on-call", "spec:replicas", "spec:ports.0.name"]
                .into_iter()
                .filter_map(cell)
                .collect();
        assert_eq!(cells, ["edge, pci", "1", "crew", "3", "http"]);
        assert_eq!(cell("spec:ports").as_deref(), Some(r#"[{"name":"http"}]"#));
        assert_eq!((cell("spec:empty").as_deref(), cell("spec:a.b.c").as_deref()), (Some(""), Some("")));
        assert_eq!(Column::Tags.text(&entity(), 4), "edge…");
    }

    #[test]
    fn lists_of_people_and_teams_have_columns_of_their_own() {
        assert_eq!(Column::usual(["user"]), [Column::Team, Column::Email, Column::Changed]);
        for teams in [&["Group"][..], &["user", "group"], &["group", "user"]] {
            assert_eq!(Column::usual(teams.iter().copied()), Column::OF_TEAMS);
        }
        for others in [&[][..], &["component"], &["user", "component"], &["api", "group"]] {
            assert_eq!(Column::usual(others.iter().copied()), Column::USUAL);
        }
    }

    #[test]
    fn people_are_in_teams_and_a_team_in_the_one_above() {
        let mut of = entity();
        let tie = |kind: &str, to: &str| json!({ "type": kind, "targetRef": to });
        of.document["relations"] = json!([
            tie("ownerOf", "component:default/gate"),
            tie("memberOf", "group:default/quays"),
            tie("memberOf", "group:default/tides"),
            tie("childOf", "group:default/harbour"),
            tie("hasMember", "user:default/ada"),
        ]);
        assert_eq!(Column::Team.text(&of, 300), "");
        of.reference = EntityRef::new("user", "default", "ada");
        assert_eq!(Column::Team.text(&of, 300), "group:default/quays, group:default/tides");
        of.reference = EntityRef::new("group", "default", "quays");
        assert_eq!(Column::Team.text(&of, 300), "group:default/harbour");
    }

    #[test]
    fn a_heading_is_short() {
        let titles =
            ["type", "annotation:example.org/on-call", "label:tier"].map(|key| Column::read(key).unwrap().title());
        assert_eq!(titles, ["Type", "on-call", "tier"]);
    }
}
