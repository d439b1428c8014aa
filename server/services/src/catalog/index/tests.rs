//! The index answers as the documents themselves would.

use chrono::DateTime;
use domain::catalog::{Condition, Direction, Entity, EntityRef, Filter, Order, TextFilter, flatten};
use proptest::prelude::*;
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::contents::Contents;

fn entity(number: usize, kind: &str, team: &str, tags: &[String], title: Option<&str>) -> Entity {
    let mut document = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": kind,
        "metadata": { "name": format!("n{number}"), "namespace": "default", "tags": tags },
        "spec": { "type": "service" },
        "relations": [{ "type": "ownedBy", "targetRef": format!("group:default/{team}") }],
    });
    if let Some(title) = title {
        document["metadata"]["title"] = title.into();
    }
    Entity {
        reference: EntityRef::new(kind, "default", &format!("n{number}")),
        uid: Uuid::from_u128(number as u128),
        etag: String::new(),
        document,
        changed_at: DateTime::UNIX_EPOCH,
        source: None,
        orphaned_at: None,
    }
}

fn any_entity() -> impl Strategy<Value = Entity> {
    let tags = prop::collection::vec("[abAB]", 0..3);
    (0..12_usize, "[KL]", "[xyz]", tags, prop::option::of("[A-Da-d]{1,2}"))
        .prop_map(|(number, kind, team, tags, title)| entity(number, &kind, &team, &tags, title.as_deref()))
}

fn any_condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        "[klKL]".prop_map(|kind| Condition::equals("kind", &kind)),
        "[abAB]".prop_map(|tag| Condition::equals("metadata.tags", &tag)),
        "[abAB]".prop_map(|tag| Condition::equals(&format!("metadata.tags.{tag}"), "true")),
        "[xyz]".prop_map(|team| Condition::equals("relations.ownedBy", &format!("group:default/{team}"))),
        Just(Condition::exists("metadata.title")),
        Just(Condition::exists("no.such.path")),
        prop::collection::vec("[abcd]", 1..3).prop_map(|titles| Condition::any_of("metadata.title", &titles)),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let conditions = prop::collection::vec(any_condition(), 1..3);
    prop::collection::vec(conditions, 0..3).prop_map(|alternatives| Filter { alternatives })
}

/// The entities that stand after all were put in and some taken out again, and the index of them.
fn world(entities: Vec<Entity>, gone: &[usize]) -> (Vec<Entity>, Contents) {
    let mut contents = Contents::at(0);
    let mut standing: std::collections::BTreeMap<String, Entity> = std::collections::BTreeMap::new();
    for (number, entity) in entities.into_iter().enumerate() {
        contents.put(&entity);
        let reference = entity.reference.to_string();
        standing.insert(reference.clone(), entity);
        if gone.contains(&number) {
            contents.remove(&reference);
            standing.remove(&reference);
        }
    }
    (standing.into_values().collect(), contents)
}

fn first_value(entity: &Entity, path: &str) -> Option<String> {
    let values = flatten(&entity.document).into_iter().filter(|entry| entry.path == path);
    values.filter_map(|entry| entry.value).map(|value| value.to_lowercase()).min()
}

proptest! {
    #[test]
    fn it_selects_what_the_filter_means(entities in prop::collection::vec(any_entity(), 0..20), gone in prop::collection::vec(0..20_usize, 0..4), filter in any_filter()) {
        let (standing, contents) = world(entities, &gone);
        let expected: Vec<String> = standing.iter().filter(|entity| filter.matches(&flatten(&entity.document))).map(|entity| entity.reference.to_string()).collect();
        let selection = contents.select(&filter, None);
        prop_assert_eq!(contents.page(&selection, &[], 0, usize::MAX), expected);
        prop_assert_eq!(contents.len(), standing.len() as u64);
    }

    #[test]
    fn pages_in_a_row_are_the_whole_sorted_list(entities in prop::collection::vec(any_entity(), 0..20), size in 1..5_usize, descending in any::<bool>()) {
        let (mut standing, contents) = world(entities, &[]);
        let direction = if descending { Direction::Desc } else { Direction::Asc };
        let order = [Order::by("metadata.title", direction)];
        standing.sort_by(|left, right| {
            let (l, r) = (first_value(left, "metadata.title"), first_value(right, "metadata.title"));
            let by_value = match (&l, &r) {
                (Some(l), Some(r)) if descending => r.cmp(l),
                (Some(l), Some(r)) => l.cmp(r),
                (l, r) => r.is_some().cmp(&l.is_some()),
            };
            by_value.then_with(|| left.reference.to_string().cmp(&right.reference.to_string()))
        });
        let expected: Vec<String> = standing.iter().map(|entity| entity.reference.to_string()).collect();
        let selection = contents.select(&Filter::everything(), None);
        let mut paged = Vec::new();
        for offset in (0..standing.len()).step_by(size) {
            paged.extend(contents.page(&selection, &order, offset, size));
        }
        prop_assert_eq!(&paged, &expected);
        // Large selections take another way to the same answer.
        let mut walked = Vec::new();
        for offset in (0..standing.len()).step_by(size) {
            walked.extend(contents.walk(&selection, &order[0], offset, size));
        }
        prop_assert_eq!(&walked, &expected);
    }

    #[test]
    fn facets_count_what_is_selected(entities in prop::collection::vec(any_entity(), 0..20), filter in any_filter()) {
        let (standing, contents) = world(entities, &[]);
        let selection = contents.select(&filter, None);
        let expected = standing.iter().filter(|entity| filter.matches(&flatten(&entity.document))).count() as u64;
        let counted: u64 = contents.facet("relations.ownedBy", &selection).into_iter().map(|(_, count)| count).sum();
        prop_assert_eq!(counted, expected);
    }
}

#[test]
fn a_text_is_found_in_names_titles_tags_and_owners_or_where_it_is_looked_for() {
    let (_, contents) = world(
        vec![
            entity(1, "Component", "berths", &["java".into()], Some("Ticket API")),
            entity(2, "API", "tides", &[], None),
        ],
        &[],
    );
    let found = |term: &str, paths: &[&str]| {
        let text = TextFilter { term: term.into(), paths: paths.iter().map(ToString::to_string).collect() };
        contents.page(&contents.select(&Filter::everything(), Some(&text)), &[], 0, 10).join(" ")
    };
    assert_eq!(found("ticket", &[]), "component:default/n1");
    assert_eq!(found("JAVA berths", &[]), "component:default/n1");
    assert_eq!(found("java tides", &[]), "");
    assert_eq!(found("tides", &[]), "api:default/n2");
    assert_eq!(found("tick", &["metadata.title"]), "component:default/n1");
    assert_eq!(found("n", &["metadata.name", "kind"]), "api:default/n2 component:default/n1");
    assert_eq!(found("berths", &["metadata.name"]), "");
}

#[test]
fn a_page_of_a_large_index_is_quick() {
    let mut contents = Contents::at(0);
    for number in 0..10_000 {
        contents.put(&entity(number, "Component", &format!("team-{}", number % 100), &["java".into()], None));
    }
    let filter = Filter::parse(["kind=component,relations.ownedby=group:default/team-7"]).unwrap();
    let started = std::time::Instant::now();
    let selection = contents.select(&filter, None);
    let page = contents.page(&selection, &[Order::by("metadata.name", Direction::Desc)], 20, 20);
    assert_eq!((selection.len(), page.len()), (100, 20));
    assert!(started.elapsed().as_millis() < 500, "{:?}", started.elapsed());
}
