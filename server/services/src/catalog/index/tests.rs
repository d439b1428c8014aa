//! The index answers as the documents themselves would.

mod search;

use std::collections::BTreeMap;

use chrono::DateTime;
use domain::catalog::{Condition, Direction, Entity, EntityRef, Filter, Order, PageKey, Start, TextFilter, flatten};
use proptest::prelude::*;
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use super::{
    contents::Contents,
    order::by_letters,
    snapshot::{self, Draft},
    view::View,
};

fn entity(number: usize, document: Value) -> Entity {
    let kind = document["kind"].as_str().unwrap();
    let name = document["metadata"]["name"].as_str().unwrap();
    Entity {
        reference: EntityRef::new(kind, "default", name),
        uid: Uuid::from_u128(number as u128),
        etag: String::new(),
        changed_at: DateTime::UNIX_EPOCH,
        source: None,
        orphaned_at: None,
        document,
    }
}

/// An entity with values that meet each other in every way: missing, null, repeated, listed and plain, in both cases.
fn any_entity() -> impl Strategy<Value = Entity> {
    let tags = prop::collection::vec("[abAB]", 0..3);
    let odd = prop_oneof![
        Just(Value::Null),
        "[abtT]".prop_map(Value::from),
        Just(json!(["a", "B"])),
        Just(json!([{"x": "a"}, {"x": "b"}])),
        Just(json!({"a": true, "b": "true"})),
        any::<bool>().prop_map(Value::from),
        Just("x".repeat(201).into()),
    ];
    let title = prop::option::of("[A-Da-d]{1,2}( [ab]{1,2})?");
    let said = prop::collection::vec("[aáÄbzçØ]{1,2}", 0..3);
    (0..12_usize, "[KL]", "[xyz]", tags, title, odd, said).prop_map(|(number, kind, team, tags, title, odd, said)| {
        let mut document = json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": kind,
            "metadata": { "name": format!("n{number}"), "namespace": "default", "tags": tags },
            "spec": { "type": "service", "odd": odd, "said": said },
            "relations": [{ "type": "ownedBy", "targetRef": format!("group:default/{team}") }],
        });
        if let Some(title) = title {
            document["metadata"]["title"] = title.into();
        }
        entity(number, document)
    })
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let path = prop_oneof![
        Just("spec.odd"),
        Just("spec.odd.a"),
        Just("spec.odd.b"),
        Just("spec.odd.x"),
        Just("spec.odd.x.a"),
        Just("metadata.title"),
        Just("metadata.tags"),
        Just("metadata.tags.a"),
        Just("no.such.path"),
    ];
    prop_oneof![
        "[klKL]".prop_map(|kind| Condition::equals("kind", &kind)),
        "[xyz]".prop_map(|team| Condition::equals("relations.ownedBy", &format!("group:default/{team}"))),
        path.clone().prop_map(Condition::exists),
        (path, prop::collection::vec("[abcd]|true|null", 1..3))
            .prop_map(|(path, values)| Condition::any_of(path, &values)),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let conditions = prop::collection::vec(any_condition(), 0..3);
    prop::collection::vec(conditions, 0..3).prop_map(|alternatives| Filter { alternatives })
}

fn any_order() -> impl Strategy<Value = Vec<Order>> {
    let path = prop_oneof![
        Just("metadata.title"),
        Just("metadata.tags"),
        Just("metadata.name"),
        Just("kind"),
        Just("spec.odd"),
        Just("spec.odd.x"),
        Just("spec.said"),
        Just("nowhere"),
    ];
    let direction = prop_oneof![Just(Direction::Asc), Just(Direction::Desc)];
    prop::collection::vec((path, direction).prop_map(|(path, direction)| Order::by(path, direction)), 0..3)
}

/// What happens to the catalog: an entity comes, or comes again as another, or one leaves; and whether someone asks for
/// orders in between, which are then kept right instead of being made anew.
fn any_history() -> impl Strategy<Value = Vec<(Entity, bool, bool)>> {
    prop::collection::vec((any_entity(), prop::bool::weighted(0.25), any::<bool>()), 0..40)
}

/// The entities that stand in the end, by reference, and the index of them.
fn world(history: Vec<(Entity, bool, bool)>) -> (Vec<Entity>, Contents) {
    let mut contents = Contents::at(0);
    let mut standing: BTreeMap<String, Entity> = BTreeMap::new();
    // What was there before is read at once.
    let mut history = history.into_iter().peekable();
    let mut read = Vec::new();
    while let Some((entity, ..)) = history
        .next_if(|(entity, leaves, asks)| !leaves && !asks && !standing.contains_key(&entity.reference.to_string()))
    {
        standing.insert(entity.reference.to_string(), entity.clone());
        read.push(entity);
    }
    contents.fill(&read);
    for (entity, leaves, asks) in history {
        let reference = entity.reference.to_string();
        if leaves {
            contents.remove(&reference);
            standing.remove(&reference);
        } else {
            contents.put(&entity);
            standing.insert(reference, entity);
        }
        if asks {
            for path in ["metadata.title", "metadata.tags", "metadata.name", "spec.odd", "spec.said"] {
                contents.page(contents.all(), &[Order::by(path, Direction::Asc)], &Start::default(), 1_000);
            }
        }
    }
    (standing.into_values().collect(), contents)
}

fn values(entity: &Entity, path: &str) -> Vec<String> {
    let entries = flatten(&entity.document).into_iter().filter(|entry| entry.path == path);
    entries.filter_map(|entry| entry.value).map(|value| value.to_lowercase()).collect()
}

fn outermost(entity: &Entity, order: &Order) -> Option<String> {
    let values = values(entity, &order.path).into_iter();
    let compare = |left: &String, right: &String| by_letters(left, right);
    if order.direction == Direction::Asc { values.min_by(compare) } else { values.max_by(compare) }
}

fn sort(entities: &mut [&Entity], order: &[Order]) {
    entities.sort_by(|left, right| {
        let by_values = order.iter().map(|order| match (outermost(left, order), outermost(right, order)) {
            (Some(left), Some(right)) if order.direction == Direction::Desc => by_letters(&right, &left),
            (Some(left), Some(right)) => by_letters(&left, &right),
            (left, right) => right.is_some().cmp(&left.is_some()),
        });
        let decided = by_values.into_iter().find(|ordering| ordering.is_ne());
        decided.unwrap_or_else(|| left.reference.to_string().cmp(&right.reference.to_string()))
    });
}

fn references(entities: &[&Entity]) -> Vec<String> {
    entities.iter().map(|entity| entity.reference.to_string()).collect()
}

fn named(contents: &Contents, ids: &[u32]) -> Vec<String> {
    ids.iter().map(|&id| contents.reference(id).unwrap().to_owned()).collect()
}

proptest! {
    #[test]
    fn it_selects_sorts_and_pages_as_the_documents_say(history in any_history(), filter in any_filter(), order in any_order(), size in 1..6_usize, offset in 0..12_u32) {
        let (standing, contents) = world(history);
        let mut expected: Vec<&Entity> = standing.iter().filter(|entity| filter.matches(&flatten(&entity.document))).collect();
        sort(&mut expected, &order);
        let expected = references(&expected);
        let selection = contents.select(&filter, None);
        prop_assert_eq!(selection.len(), expected.len() as u64);
        prop_assert_eq!(contents.len(), standing.len() as u64);
        prop_assert_eq!(&named(&contents, &contents.page(&selection, &order, &Start::default(), usize::MAX)), &expected);
        let page = contents.page(&selection, &order, &Start::Offset(offset), size);
        let wanted: Vec<String> = expected.iter().skip(offset as usize).take(size).cloned().collect();
        prop_assert_eq!(named(&contents, &page), wanted);
        // From page to page by place, there and back.
        let mut walked = Vec::new();
        let mut start = Start::default();
        loop {
            let page = contents.page(&selection, &order, &start, size);
            let Some(&last) = page.last() else { break };
            walked.extend(named(&contents, &page));
            start = Start::After(contents.key(last, &order).unwrap());
        }
        prop_assert_eq!(&walked, &expected);
        let mut back = Vec::new();
        if let Start::After(key) = start {
            back.push(key.reference.clone());
            let mut start = Start::Before(key);
            loop {
                let page = contents.page(&selection, &order, &start, size);
                let Some(&first) = page.first() else { break };
                back.splice(0..0, named(&contents, &page));
                start = Start::Before(contents.key(first, &order).unwrap());
            }
        }
        prop_assert_eq!(&back, &expected);
    }

    #[test]
    fn a_place_stays_right_when_its_entity_leaves(history in any_history(), order in any_order(), at in any::<prop::sample::Index>(), size in 1..6_usize) {
        let (standing, mut contents) = world(history);
        if standing.is_empty() {
            return Ok(());
        }
        let mut expected: Vec<&Entity> = standing.iter().collect();
        sort(&mut expected, &order);
        let expected = references(&expected);
        let at = at.index(expected.len());
        let key: PageKey = contents.key(contents.find(&expected[at]).unwrap(), &order).unwrap();
        contents.remove(&expected[at]);
        let all = contents.all().clone();
        let after = contents.page(&all, &order, &Start::After(key.clone()), size);
        prop_assert_eq!(named(&contents, &after), expected.iter().skip(at + 1).take(size).cloned().collect::<Vec<_>>());
        let before = contents.page(&all, &order, &Start::Before(key), size);
        prop_assert_eq!(named(&contents, &before), expected[at.saturating_sub(size)..at].to_vec());
    }

    #[test]
    fn facets_count_what_is_selected(history in any_history(), filter in any_filter()) {
        let (standing, contents) = world(history);
        let selection = contents.select(&filter, None);
        for path in ["kind", "metadata.tags", "metadata.tags.a", "spec.odd", "spec.odd.x", "spec.odd.x.a", "relations.ownedBy", "metadata.name", "none"] {
            let mut expected: BTreeMap<String, u64> = BTreeMap::new();
            for entity in standing.iter().filter(|entity| filter.matches(&flatten(&entity.document))) {
                let mut values = values(entity, &path.to_lowercase());
                values.sort();
                values.dedup();
                for value in values {
                    *expected.entry(value).or_default() += 1;
                }
            }
            let counted: BTreeMap<String, u64> = contents.facet(path, &selection).into_iter().map(|(value, count)| (value.to_lowercase(), count)).collect();
            prop_assert_eq!(counted, expected, "{}", path);
        }
    }

    #[test]
    fn a_text_is_found_where_it_stands(history in any_history(), filter in any_filter(), term in "[abn1x]{1,3}( [ab])?", field in 0..4_usize) {
        let (standing, contents) = world(history);
        let field = ["metadata.name", "metadata.title", "metadata.tags", "spec.odd"][field];
        let meant: Vec<&Entity> = standing.iter().filter(|entity| filter.matches(&flatten(&entity.document))).collect();
        let found = |paths: &[&str]| {
            let text = TextFilter { term: term.to_uppercase(), paths: paths.iter().map(ToString::to_string).collect() };
            named(&contents, &contents.page(&contents.select(&filter, Some(&text)), &[], &Start::default(), 1_000))
        };
        let says = |entity: &&&Entity| values(entity, field).iter().any(|value| value.contains(&term));
        let expected: Vec<&Entity> = meant.iter().filter(says).copied().collect();
        prop_assert_eq!(found(&[field]), references(&expected));
        let said = |entity: &Entity| {
            let summary = entity.summary();
            let owner = summary.owner.map(|owner| owner.name().to_owned());
            let texts = [Some(summary.name), summary.title, summary.description, summary.type_, owner];
            texts.into_iter().flatten().chain(summary.tags).chain([summary.reference.kind().to_owned()]).map(|text| text.to_lowercase()).collect::<Vec<_>>()
        };
        let says_all = |entity: &&&Entity| term.split(' ').all(|word| said(entity).iter().any(|text| text.contains(word)));
        let expected: Vec<&Entity> = meant.iter().filter(says_all).copied().collect();
        prop_assert_eq!(found(&[]), references(&expected));
    }

    #[test]
    fn a_snapshot_answers_as_what_it_was_made_of(history in any_history(), later in any_history(), filter in any_filter(), order in any_order(), term in "[abn1x]{1,3}") {
        let (_, mut contents) = world(history);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index/default.snapshot");
        Draft::write(&contents, "a mark", &path).unwrap().settle(&path).unwrap();
        let (mut read, mark) = snapshot::read(&path).unwrap().unwrap();
        prop_assert_eq!(mark, "a mark");
        // And goes on as that would have.
        for step in [None].into_iter().chain(later.into_iter().map(Some)) {
            if let Some((entity, leaves, _)) = step {
                if leaves {
                    let reference = entity.reference.to_string();
                    prop_assert_eq!(contents.remove(&reference).is_some(), read.remove(&reference).is_some());
                } else {
                    contents.put(&entity);
                    read.put(&entity);
                }
            }
            let answers = |contents: &Contents| {
                let selection = contents.select(&filter, None);
                let page = named(contents, &contents.page(&selection, &order, &Start::default(), 1_000));
                let mut facet = contents.facet("metadata.tags", &selection);
                facet.sort();
                (page, facet, found(contents, &term), contents.len())
            };
            prop_assert_eq!(answers(&contents), answers(&read));
        }
        for reference in named(&read, &read.all().iter().collect::<Vec<_>>()) {
            read.remove(&reference);
        }
        prop_assert!(read.is_clean(), "{:?}", read);
    }

    #[test]
    fn what_leaves_takes_everything_with_it(history in any_history()) {
        let (standing, mut contents) = world(history);
        for entity in &standing {
            contents.remove(&entity.reference.to_string());
        }
        prop_assert_eq!(contents.len(), 0);
        prop_assert!(contents.is_clean(), "{:?}", contents);
    }
}

fn component(number: usize, name: &str, title: &str, about: &str) -> Entity {
    let metadata = json!({ "name": name, "title": title, "description": about });
    entity(number, json!({ "kind": "Component", "metadata": metadata, "spec": { "type": "service" } }))
}

fn searchable() -> Contents {
    let mut contents = Contents::at(0);
    let entities = [
        component(1, "gateway", "Gateway", "Where requests come in."),
        component(2, "gateway-payments", "Payments gateway", "Takes cards."),
        component(3, "billing-gateway", "Billing Gateway", "Sends invoices."),
        component(4, "mygateways", "Collection", "Old ones."),
        component(5, "ledger", "Ledger", "What went through the gateway."),
        component(6, "zähler-straße", "Zähler", "Counts."),
        component(7, "pay", "支付服务中心", "Pays."),
        component(8, "HarbourArchiveReader", "온라인결제서비스", "Café résumé."),
        component(9, "desk", "Máire O’Brien", "Anne\u{2011}Claire asks."),
    ];
    for entity in &entities {
        contents.put(entity);
    }
    contents
}

fn found(contents: &Contents, text: &str) -> String {
    let ids = contents.search(text, &Filter::everything(), None, 10);
    let names = named(contents, &ids);
    names.iter().map(|name| name.trim_start_matches("component:default/")).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_snapshot_that_is_not_whole_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("default.snapshot");
    assert!(snapshot::read(&path).unwrap().is_none(), "there is none yet");
    drop(Draft::write(&searchable(), "", &path).unwrap());
    assert!(snapshot::read(&path).unwrap().is_none(), "none was settled");
    Draft::write(&searchable(), "", &path).unwrap().settle(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    assert!(snapshot::read(&path).unwrap().is_some());
    for end in (0..whole.len()).step_by(97) {
        std::fs::write(&path, &whole[..end]).unwrap();
        assert!(snapshot::read(&path).unwrap().is_none(), "{end} bytes");
        let mut bent = whole.clone();
        bent[end] ^= 4;
        std::fs::write(&path, bent).unwrap();
        assert!(snapshot::read(&path).unwrap().is_none(), "the byte at {end}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn whoever_sees_a_part_may_ask_for_any_path() {
    let contents = searchable();
    let view = View::new(&contents, Some(std::sync::Arc::new([0].into_iter().collect())));
    let selection = view.select(&Filter::everything(), None);
    // The tenth byte of this one is within a letter.
    for path in ["relations", "relationsä", "ääääää", "", "relations.ownedby"] {
        assert_eq!(view.facet(path, &selection), [], "{path}");
    }
}
