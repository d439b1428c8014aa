//! Servers that answer as the documentation of each forge says: pages, tags, limits, refusals.

mod files;
mod people;
mod repositories;

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    extract::{Request, State as Serving},
    http::{HeaderMap, Response, StatusCode, header},
};
use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::{Value, json};
use services::catalog::{
    keys::{Key, Proof, Ring},
    ports::{Begin, Moved},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::Barrier};
use url::Url;

use super::*;

/// A forge: what is at each path, and what it was asked.
#[derive(Default)]
struct Hub {
    /// By path without what stands behind the `?`: pages of a list, or one answer.
    lists: BTreeMap<String, Vec<Value>>,
    texts: BTreeMap<String, String>,
    /// Paths that fail, with status and text.
    broken: BTreeMap<String, (u16, &'static str)>,
    /// How many items a page has.
    page: usize,
    /// What is left of the requests that are allowed; `None` for a forge without limits.
    left: Option<u32>,
    token: Option<&'static str>,
    /// Answers with a file only once so many are asked for.
    together: Option<Arc<Barrier>>,
    asked: Vec<String>,
}

struct Server {
    hub: Arc<Mutex<Hub>>,
    address: String,
    data: TempDir,
    forges: Forges,
}

struct One(&'static str);

#[async_trait]
impl Ring for One {
    async fn find(&self, _url: &Url) -> Result<Option<Key>, ReadProblem> {
        let token = SecretString::from(self.0);
        Ok(Some(Key {
            name: "quay".into(),
            shown: "`quay` (the environment variable `QUAY`)".into(),
            mend: "correct it".into(),
            proof: Proof::Token { token, user: None },
        }))
    }
}

impl Server {
    async fn start(hub: Hub) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let hub = Arc::new(Mutex::new(hub));
        let router = Router::new().fallback(answer).with_state(hub.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let data = tempfile::tempdir().unwrap();
        let forges = Forges::new(data.path().to_owned(), Guard::new(std::slice::from_ref(&address)));
        Self { hub, address, data, forges }
    }

    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.open_after(kind, target, &Pushed::new()).await
    }

    async fn open_after(
        &self,
        kind: SourceKind,
        target: &str,
        pushed: &Pushed,
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let target = format!("http://{}/{target}", self.address);
        self.forges.open(kind, &target, &Keys::of(Arc::new(One("t0ken"))), pushed).await
    }

    /// Asks for what was pushed since then.
    async fn open_pushed(&self, target: &str, pushed: &Pushed, since: DateTime<Utc>) -> Arc<dyn OpenSource> {
        let target = format!("http://{}/{target}", self.address);
        let keys = Keys::of(Arc::new(One("t0ken")));
        let repositories = pushed.iter().filter(|(_, at)| **at >= since).map(|(name, _)| name.clone()).collect();
        let moved = Moved { repositories, ..Moved::default() };
        self.forges.open_pushed(SourceKind::GitHub, &target, &keys, (pushed, &moved)).await.unwrap()
    }

    /// Begins anew, as after a restart.
    fn restarted(self) -> Self {
        let forges = Forges::new(self.data.path().to_owned(), Guard::new(std::slice::from_ref(&self.address)));
        Self { forges, ..self }
    }

    fn change(&self, work: impl FnOnce(&mut Hub)) {
        work(&mut self.hub.lock().unwrap());
    }

    /// What was asked since the last time: path, and status of the answer.
    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut self.hub.lock().unwrap().asked);
        asked.sort();
        asked
    }
}

async fn answer(Serving(hub): Serving<Arc<Mutex<Hub>>>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let together = hub.lock().unwrap().together.clone().filter(|_| path.contains("/contents/"));
    if let Some(together) = together {
        together.wait().await;
    }
    let mut hub = hub.lock().unwrap();
    let response = hub.answer(&path, request.uri().query().unwrap_or_default(), request.headers());
    hub.asked.push(format!("{} {path}", response.status().as_u16()));
    response
}

impl Hub {
    fn answer(&mut self, path: &str, query: &str, headers: &HeaderMap) -> Response<Body> {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if self.token.is_some_and(|token| shown != Some(&format!("Bearer {token}"))) {
            return plain(401, "Bad credentials");
        }
        if let Some((status, text)) = self.broken.get(path) {
            return plain(*status, text);
        }
        if self.left == Some(0) {
            return limited(plain(403, "API rate limit exceeded"), 0);
        }
        let page: usize = number(query, "page").unwrap_or(1);
        let (body, next) = if let Some(items) = self.lists.get(path) {
            let size = self.page.max(1);
            let items: Vec<&Value> = items.iter().skip((page - 1) * size).take(size).collect();
            let more = self.lists[path].len() > page * size;
            // Some servers do not know under which name they are asked.
            let next = more.then(|| format!("<https://wrong.example{path}?page={}>; rel=\"next\"", page + 1));
            (json!(items).to_string(), next)
        } else if let Some(text) = self.texts.get(path) {
            (text.clone(), None)
        } else {
            return self.counted(plain(404, "Not Found"));
        };
        let etag =
            format!("\"{:x}\"", body.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())));
        if headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(&etag) {
            // What did not change costs nothing.
            return plain(304, "");
        }
        let mut response = plain(200, &body);
        response.headers_mut().insert(header::ETAG, etag.parse().unwrap());
        if let Some(next) = next {
            response.headers_mut().insert(header::LINK, next.parse().unwrap());
        }
        self.counted(response)
    }

    fn counted(&mut self, response: Response<Body>) -> Response<Body> {
        match &mut self.left {
            Some(left) => {
                *left = left.saturating_sub(1);
                limited(response, *left)
            }
            None => response,
        }
    }
}

fn limited(mut response: Response<Body>, left: u32) -> Response<Body> {
    let reset = (Utc::now() + TimeDelta::minutes(30)).timestamp().to_string();
    for (name, value) in
        [("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", &left.to_string()), ("x-ratelimit-reset", &reset)]
    {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn plain(status: u16, text: &str) -> Response<Body> {
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(Body::from(text.to_owned())).unwrap()
}

fn number(query: &str, name: &str) -> Option<usize> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name)?.1.parse().ok()
}

fn repo(name: &str, pushed: &str) -> Value {
    json!({
        "name": name, "full_name": format!("saltmarsh/{name}"), "html_url": format!("https://github.example/saltmarsh/{name}"),
        "default_branch": "main", "pushed_at": pushed, "archived": false, "fork": false, "disabled": false, "topics": [],
        "description": "much more that nobody reads here", "owner": { "login": "saltmarsh", "id": 1 },
    })
}

const API: &str = "/api/v3";

fn file(name: &str) -> String {
    format!("{API}/repos/saltmarsh/{name}/contents/catalog-info.yaml")
}

fn github(names: &[&str]) -> Hub {
    let repos = names.iter().map(|name| repo(name, "2026-11-01T00:00:00Z")).collect();
    let mut hub = Hub { page: 2, token: Some("t0ken"), ..Hub::default() };
    hub.lists.insert(format!("{API}/orgs/saltmarsh/repos"), repos);
    hub.texts = names.iter().map(|name| (file(name), format!("name: {name}\n"))).collect();
    hub
}

fn paths(source: &Arc<dyn OpenSource>) -> Vec<String> {
    match source.begin() {
        Begin::Named(paths) => paths,
        other => panic!("{other:?}"),
    }
}

async fn text(source: &Arc<dyn OpenSource>, path: &str) -> String {
    match source.read(path, 1_000).await {
        Ok(content) => String::from_utf8_lossy(&content).into_owned(),
        Err(problem) => format!("{problem:?}"),
    }
}
