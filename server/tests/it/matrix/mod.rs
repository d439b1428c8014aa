//! Every route, page and server function, asked by everyone. The server says what it serves; what has no line in `table.txt`
//! fails: whoever adds a route decides who may.

mod cast;
mod ladder;
mod statements;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Response, StatusCode, header};
use serde_json::Value;

use self::{
    cast::{Cast, Who},
    table::{Ask, Row},
};
use crate::{
    portal::{Backend, Portal},
    provider::Provider,
};

/// What the server serves, as it says itself: method and route, and server functions with their addresses.
pub(crate) fn served(portal: &Portal) -> (BTreeSet<(String, String)>, BTreeMap<String, String>) {
    let (mut routes, mut functions) = (BTreeSet::new(), BTreeMap::new());
    for line in portal.log() {
        let Ok(said) = serde_json::from_str::<Value>(&line) else { continue };
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        match said["message"].as_str() {
            Some("serves a route") => {
                routes.insert((text("method"), text("path")));
            }
            Some("serves a function") => {
                // A hash of its source follows the name.
                let path = text("path");
                let name = path.rsplit('/').next().unwrap().trim_end_matches(|letter: char| letter.is_ascii_digit());
                functions.insert(name.to_owned(), path.clone());
            }
            _ => {}
        }
    }
    assert!(routes.len() > 100 && functions.len() > 40, "{} routes, {} functions", routes.len(), functions.len());
    (routes, functions)
}

/// Lines without a route, and routes without a line.
fn every_route_has_a_line(portal: &Portal, rows: &[Row]) {
    let (routes, functions) = served(portal);
    let lines: BTreeSet<(String, String)> = rows.iter().map(Row::name).collect();
    assert_eq!(lines.len(), rows.len(), "a route has two lines");
    let functions = functions.into_keys().map(|name| ("CALL".to_owned(), name));
    let all: BTreeSet<_> = routes.into_iter().chain(functions).collect();
    let missing: Vec<_> = all.difference(&lines).collect();
    assert!(missing.is_empty(), "decide who is let in here, and give each a line in table.txt: {missing:?}");
    let gone: Vec<_> = lines.difference(&all).collect();
    assert!(gone.is_empty(), "these lines of table.txt have no route: {gone:?}");
}

/// Why an answer could be framed, guessed about or kept where others read it.
pub(crate) fn unguarded(answer: &Response) -> Option<String> {
    let text = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kept = text("cache-control");
    let wrong = [
        (text("x-content-type-options") != "nosniff").then_some("its kind can be guessed"),
        (text("x-frame-options") != "DENY").then_some("it can be framed by old browsers"),
        (!text("content-security-policy").contains("frame-ancestors 'none'")).then_some("it can be framed"),
        (!kept.contains("no-store") && !kept.contains("private") || kept.contains("public"))
            .then_some("it can be kept by others"),
    ];
    let wrong: Vec<&str> = wrong.into_iter().flatten().collect();
    (!wrong.is_empty()).then(|| format!("{}: {:?}", wrong.join(", "), answer.headers()))
}

async fn everyone_gets_as_far_as_they_may(backend: Backend) {
    let provider = Provider::start().await;
    let cast = Cast::gather(backend, &provider).await;
    let rows = table::rows();
    every_route_has_a_line(&cast.portal, &rows);
    let (_, functions) = served(&cast.portal);
    let mut wrong = Vec::new();
    for row in &rows {
        for who in Who::ALL {
            let answer = cast.ask(who, row, &functions).await;
            let status = answer.status();
            let expected: Vec<StatusCode> = match (row.lets_in(who), who) {
                (true, _) => row.statuses.clone(),
                (false, Who::Stranger) if row.ask == Ask::Page => vec![StatusCode::SEE_OTHER],
                (false, Who::Stranger) => vec![StatusCode::UNAUTHORIZED],
                (false, _) => vec![StatusCode::FORBIDDEN],
            };
            if let Some(why) = unguarded(&answer) {
                wrong.push(format!("{row} by {who:?}: {why}"));
            }
            let goes_on = answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
            let text = if goes_on { String::new() } else { answer.text().await.unwrap() };
            if !expected.contains(&status) {
                let start: String = text.chars().filter(|letter| !letter.is_control()).take(300).collect();
                wrong.push(format!("{row} by {who:?}: {status} instead of {expected:?}: {start}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers are not as table.txt has them:\n{}", wrong.len(), wrong.join("\n"));
    statements::name_the_tenant(&cast.portal, backend);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_gets_as_far_as_they_may_on_sqlite() {
    everyone_gets_as_far_as_they_may(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_gets_as_far_as_they_may_on_postgres() {
    everyone_gets_as_far_as_they_may(Backend::Postgres).await;
}
