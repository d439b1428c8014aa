//! The audit log, sent to a webhook: by a real server to a real receiver.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;
use serde_json::{Value, json};

use crate::portal::{Backend, Options, Portal};

const SECRET: &str = "a secret that is only used by tests";

/// What the receiver does with the next deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Failing,
    Slow,
}

#[derive(Debug)]
struct Kept {
    mood: Mood,
    /// Every line that was taken, in order.
    lines: Vec<Value>,
    /// Which deliveries there were, also those that were not taken.
    ids: Vec<String>,
    under_way: usize,
    most_at_once: usize,
}

/// A receiver that verifies what it gets.
#[derive(Clone)]
struct Receiver {
    address: String,
    kept: Arc<Mutex<Kept>>,
}

impl Receiver {
    async fn start(mood: Mood) -> Self {
        let kept = Kept { mood, lines: Vec::new(), ids: Vec::new(), under_way: 0, most_at_once: 0 };
        let kept = Arc::new(Mutex::new(kept));
        let app = Router::new().route("/take", post(take)).with_state(kept.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/take?key=hunter2", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, kept }
    }

    fn options(&self) -> Options {
        Options::default()
            .set("AUDIT__WEBHOOK", &self.address)
            .set("AUDIT__SECRET", "env:AUDIT_SECRET")
            .set("OUTBOUND__ALLOW", "[\"127.0.0.1\"]")
            .variable("AUDIT_SECRET", SECRET)
    }

    fn be(&self, mood: Mood) {
        self.kept.lock().unwrap().mood = mood;
    }

    /// The places of the entries that were taken, in the order in which they came.
    fn places(&self) -> Vec<i64> {
        self.kept.lock().unwrap().lines.iter().map(|line| line["seq"].as_i64().unwrap()).collect()
    }
}

/// A delivery, until it is answered or its sender is gone.
struct UnderWay(Arc<Mutex<Kept>>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().unwrap().under_way -= 1;
    }
}

async fn take(State(kept): State<Arc<Mutex<Kept>>>, headers: HeaderMap, body: String) -> StatusCode {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, at, signature) = (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"));
    assert_eq!(text("content-type"), "application/jsonl");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let given = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
    let signed = hmac::verify(&key, format!("{id}.{at}.{body}").as_bytes(), &given);
    let mood = {
        let mut kept = kept.lock().unwrap();
        kept.under_way += 1;
        kept.most_at_once = kept.most_at_once.max(kept.under_way);
        kept.ids.push(id);
        kept.mood
    };
    let _under_way = UnderWay(kept.clone());
    if mood == Mood::Slow {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let mut kept = kept.lock().unwrap();
    if signed.is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    if mood == Mood::Failing {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    kept.lines.extend(body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    StatusCode::NO_CONTENT
}

/// Makes entries: a role given and taken.
async fn stir(portal: &Portal, names: &[&str]) {
    for name in names {
        let role = json!({ "role": "developer", "to": format!("user:{name}") });
        assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
    }
}

async fn caught_up(portal: &Portal) -> Value {
    let wait = async |portal: &Portal| {
        let state = portal.json("/api/v1/audit/stream").await;
        (state["behind"] == 0 && state["failures"] == 0 && !state["sentAt"].is_null()).then_some(state)
    };
    portal.until("every entry is sent", wait).await
}

async fn doctor(portal: &Portal, receiver: &Receiver) -> String {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
    command.args(["doctor", "--data"]).arg(portal.data.path().join("data")).stdin(std::process::Stdio::null());
    if let Some(database) = portal.database() {
        command.env("CAUSEWAY_DATABASE__URL", database);
    }
    command.env("CAUSEWAY_AUDIT__WEBHOOK", &receiver.address).env("CAUSEWAY_AUDIT__SECRET", "env:AUDIT_SECRET");
    command.env("AUDIT_SECRET", SECRET).current_dir(portal.data.path());
    let said = String::from_utf8(command.output().await.unwrap().stdout).unwrap();
    said.lines().find(|line| line.contains("audit stream")).unwrap_or_else(|| panic!("{said}")).to_owned()
}

async fn every_entry_is_sent_in_order_through_failures_and_restarts(backend: Backend) {
    let receiver = Receiver::start(Mood::Failing).await;
    let mut portal = Portal::start_with(backend, receiver.options()).await;
    stir(&portal, &["a", "b", "c"]).await;
    let state = portal
        .until("a failure is told", async |portal| {
            let state = portal.json("/api/v1/audit/stream").await;
            (state["failures"].as_i64().unwrap() >= 2).then_some(state)
        })
        .await;
    assert!(state["problem"].as_str().unwrap().contains("500 Internal Server Error"), "{state}");
    assert!(state["behind"].as_i64().unwrap() >= 3 && state["sentAt"].is_null(), "{state}");
    // What may be secret in the address is shown nowhere.
    let page = portal.get("/audit").await.text().await.unwrap();
    assert!(page.contains("Sent to a webhook") && page.contains("Failed ") && !page.contains("hunter2"), "{page}");
    let said = doctor(&portal, &receiver).await;
    assert!(said.starts_with("problem") && said.contains("500") && !said.contains("hunter2"), "{said}");
    // While it fails, the log does not grow by that.
    let count = portal.json("/api/v1/audit").await["items"].as_array().unwrap().len();
    assert!(receiver.places().is_empty());
    receiver.be(Mood::Well);
    let state = caught_up(&portal).await;
    assert_eq!(receiver.places(), (1..=state["seq"].as_i64().unwrap()).collect::<Vec<_>>());
    assert_eq!(portal.json("/api/v1/audit").await["items"].as_array().unwrap().len(), count);
    // Line by line, it is what the log says.
    let exported = portal.get("/api/v1/audit.jsonl").await.text().await.unwrap();
    let mut exported: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    exported.reverse();
    let sent = receiver.kept.lock().unwrap().lines.clone();
    assert_eq!(sent[..], exported[..sent.len()]);
    let said = doctor(&portal, &receiver).await;
    assert!(said.starts_with("ok") && said.contains("entries wait"), "{said}");
    // Killed in the middle of a delivery, it sends that one again, and none is missing.
    receiver.be(Mood::Slow);
    let before = receiver.kept.lock().unwrap().ids.len();
    stir(&portal, &["d", "e"]).await;
    let _: () = portal
        .until("a delivery is under way", async |_| {
            let kept = receiver.kept.lock().unwrap();
            (kept.ids.len() > before && kept.under_way > 0).then_some(())
        })
        .await;
    assert_eq!(receiver.kept.lock().unwrap().most_at_once, 1);
    portal.kill().await;
    portal.restart().await;
    receiver.be(Mood::Well);
    stir(&portal, &["f"]).await;
    let state = portal
        .until("the rest is sent", async |portal| {
            let state = portal.json("/api/v1/audit/stream").await;
            let last = state["seq"].as_i64().unwrap();
            (state["behind"] == 0 && receiver.places().contains(&last)).then_some(state)
        })
        .await;
    let places = receiver.places();
    let all: BTreeSet<i64> = places.iter().copied().collect();
    let last = state["seq"].as_i64().unwrap();
    assert_eq!(all, (1..=*all.last().unwrap()).collect());
    assert!(all.contains(&last));
    // Each entry comes first after all that stand before it.
    let mut highest = 0;
    for place in places {
        assert!(place <= highest + 1, "{place} after {highest}");
        highest = highest.max(place);
    }
    let state = caught_up(&portal).await;
    assert!(state["failedAt"].is_string(), "{state}");
    assert!(portal.get("/audit").await.text().await.unwrap().contains("Works again"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_is_sent_in_order_through_failures_and_restarts_on_sqlite() {
    every_entry_is_sent_in_order_through_failures_and_restarts(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_is_sent_in_order_through_failures_and_restarts_on_postgres() {
    every_entry_is_sent_in_order_through_failures_and_restarts(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_replicas_one_sends_and_the_other_goes_on_when_it_stops() {
    let receiver = Receiver::start(Mood::Well).await;
    let mut first = Portal::start_with(Backend::Postgres, receiver.options()).await;
    let database = first.database().unwrap().to_owned();
    let second = Portal::start_with(Backend::Sqlite, receiver.options().set("DATABASE__URL", &database)).await;
    stir(&first, &["a", "b"]).await;
    stir(&second, &["c", "d"]).await;
    let state = caught_up(&second).await;
    // While both run, nothing came twice.
    assert_eq!(receiver.places(), (1..=state["seq"].as_i64().unwrap()).collect::<Vec<_>>());
    first.terminate().await;
    first.ended().await;
    stir(&second, &["e"]).await;
    let last = second
        .until("the other goes on", async |portal| {
            let state = portal.json("/api/v1/audit/stream").await;
            let last = state["seq"].as_i64().unwrap();
            (state["behind"] == 0 && receiver.places().contains(&last)).then_some(last)
        })
        .await;
    assert!(receiver.places().len() >= usize::try_from(last).unwrap());
    assert_eq!(receiver.kept.lock().unwrap().most_at_once, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_internal_is_sent_nothing_unless_it_is_allowed() {
    let receiver = Receiver::start(Mood::Well).await;
    let options = receiver.options().set("OUTBOUND__ALLOW", "[]");
    let portal = Portal::start_with(Backend::Sqlite, options).await;
    stir(&portal, &["a"]).await;
    let state = portal
        .until("the refusal is told", async |portal| {
            let state = portal.json("/api/v1/audit/stream").await;
            (state["failures"].as_i64().unwrap() > 0).then_some(state)
        })
        .await;
    assert!(state["problem"].as_str().unwrap().contains("internal address"), "{state}");
    assert!(receiver.kept.lock().unwrap().ids.is_empty());
}
