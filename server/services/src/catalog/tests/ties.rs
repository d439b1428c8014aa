//! Whoever sees a part of the catalog cannot find out by a question what the rest is tied to.

use domain::catalog::{Condition, Filter, Order, Predicate, Query, Start, TextFilter};

use super::{
    hidden::{person, world_with},
    *,
};

const HIDDEN: &str = "component:default/hidden-0";

/// Names of what a question finds, and the place after its first page.
async fn found(world: &World, caller: &Caller, query: &Query, predicate: Option<&Predicate>) -> Vec<String> {
    let start = Start::Offset(0);
    let question = catalog::Question {
        filter: &query.filter,
        text: query.text.as_ref(),
        predicate,
        order: &query.order,
        start: &start,
        limit: Some(100),
    };
    let (entities, _) = catalog::entity_page(&world.services, caller, question).await.unwrap();
    let facets =
        catalog::facets(&world.services, caller, &query.filter, predicate, &["kind".to_owned()]).await.unwrap();
    if query.text.is_none() {
        let counted: u64 = facets.iter().flat_map(|facet| &facet.values).map(|value| u64::from(value.count)).sum();
        assert_eq!(counted, entities.len() as u64, "a count tells more than the list");
    }
    entities.iter().map(|entity| entity.reference.to_string()).collect()
}

/// `hidden-0` depends on `open-1`, which therefore has a relation back to it.
#[tokio::test]
async fn no_question_finds_a_tie_to_what_is_hidden() {
    let world = world_with(&[true, false]).await;
    let grace = person("grace", &["viewer"], &["group:default/harbour"]);
    let ada = person("ada", &["viewer"], &["group:default/berths"]);
    let by = |condition: Condition| Query { filter: Filter::all(vec![condition]), ..Query::default() };
    let listed = format!("relations.dependencyof.{HIDDEN}");
    let saying = |text: &str| {
        let text = TextFilter { term: text.to_owned(), paths: vec!["relations.dependencyOf".to_owned()] };
        Query { text: Some(text), ..Query::default() }
    };
    let finds = [
        (by(Condition::equals("relations.dependencyOf", HIDDEN)), None),
        (by(Condition::exists("relations.dependencyOf")), None),
        (by(Condition::equals(&listed, "true")), None),
        (saying("hidden-0"), None),
        (Query::default(), Some(Predicate::Is(Condition::any_of("relations.dependencyof", &["x", HIDDEN])))),
        (
            Query::default(),
            Some(Predicate::Begins { path: "relations.dependencyof".into(), prefix: "component:".into() }),
        ),
    ];
    for (query, predicate) in &finds {
        let asked = format!("{query:?} {predicate:?}");
        if !asked.contains(&listed) {
            assert_eq!(found(&world, &ada, query, predicate.as_ref()).await, ["component:default/open-1"], "{asked}");
        }
        assert_eq!(found(&world, &grace, query, predicate.as_ref()).await, [""; 0], "{asked}");
    }
    // What is not tied to it is told apart from what is by no question either.
    let not = Predicate::Not(Box::new(Predicate::Is(Condition::equals("relations.dependencyof", HIDDEN))));
    let all = found(&world, &grace, &Query::default(), None).await;
    assert_eq!(found(&world, &grace, &Query::default(), Some(&not)).await, all);
    // Ties to what is seen are found as ever.
    let own = by(Condition::equals("relations.ownedBy", "group:default/berths"));
    assert_eq!(found(&world, &grace, &own, None).await, ["component:default/open-1"]);
    let any = by(Condition::exists("relations.ownedBy"));
    assert_eq!(found(&world, &grace, &any, None).await, ["component:default/open-1"]);
    // Neither an order nor the place in one names it.
    let order = [Order::by("relations.dependencyof", Direction::Desc)];
    let start = Start::Offset(0);
    let question = catalog::Question {
        filter: &Filter::everything(),
        text: None,
        predicate: None,
        order: &order,
        start: &start,
        limit: Some(1),
    };
    let (_, after) = catalog::entity_page(&world.services, &grace, question).await.unwrap();
    let (_, whole) = catalog::entity_page(&world.services, &ada, question).await.unwrap();
    assert!(!format!("{after:?}").contains("hidden"), "{after:?}");
    assert!(format!("{whole:?}").contains("hidden"), "{whole:?}");
}
