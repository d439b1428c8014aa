//! Those who ask, and what there is to ask for.

use std::collections::BTreeMap;

use reqwest::{Method, Response, header};
use serde_json::{Value, json};

use super::table::{Ask, Body, Row};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Stranger,
    Viewer,
    /// Of another team than the one that owns what is asked for.
    Developer,
    /// A developer of the team that owns what is asked for.
    Owner,
    PlatformEngineer,
    Administrator,
    /// An administrator's token that is narrowed to reading.
    Reader,
}

impl Who {
    /// All of them, weakest first: what is refused to one alters nothing for the next.
    pub(super) const ALL: [Self; 7] = [
        Self::Stranger,
        Self::Viewer,
        Self::Developer,
        Self::Owner,
        Self::PlatformEngineer,
        Self::Reader,
        Self::Administrator,
    ];

    pub(super) fn letter(self) -> char {
        match self {
            Self::Stranger => 's',
            Self::Viewer => 'v',
            Self::Developer => 'd',
            Self::Owner => 'o',
            Self::PlatformEngineer => 'p',
            Self::Administrator => 'a',
            Self::Reader => 'r',
        }
    }
}

const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

/// Everything here belongs to `berths`.
const OWN: &str = "apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: quay
  description: Where ships lie.
spec:
  type: service
  lifecycle: production
  owner: berths
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: paper
  title: Paper
spec:
  owner: berths
  type: service
  parameters:
    - { title: What, properties: { title: { type: string } } }
  steps:
    - id: say
      name: Say
      action: debug:log
      input: { message: hello }
---
apiVersion: causeway.dev/v1alpha1
kind: Scorecard
metadata:
  name: ready
  title: Ready
spec:
  owner: group:berths
  filter: { kind: Component }
  levels:
    - { name: good, title: Good, color: green }
  rules:
    - { id: described, title: It is described, level: good, expression: 'metadata.description != \"\"' }
";

/// Those who ask, and what there is to ask for.
pub(super) struct Cast {
    pub(super) portal: Portal,
    /// What each brings: a header and its value.
    bring: BTreeMap<Who, (header::HeaderName, String)>,
    /// What was made, by the name that the table has for it.
    made: Vec<(&'static str, String)>,
}

async fn as_administrator(portal: &Portal, method: Method, path: &str, body: Option<&Value>) -> Value {
    let mut request = portal.request(method, path).bearer_auth(TOKEN);
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

impl Cast {
    pub(super) async fn gather(backend: Backend, provider: &Provider) -> Self {
        let roles = "{ developer = [\"group:default/berths\", \"group:default/quays\"], \
                     platform-engineer = [\"user:corp/petra\"], administrator = [\"user:corp/adam\"] }";
        let options = Options::default()
            .set("PERMISSION__ROLES", roles)
            .set("LOG__FORMAT", "json")
            .set("LOG__LEVEL", "'warn,causeway::http::served=debug,sqlx::query=trace'");
        let settings = provider.settings("corp", &format!("{USUAL}, teams_by_name = true, create_people = true"));
        let portal = portal_with(backend, &[settings], options).await;
        provider.know(&portal, &["corp"]).await;
        let mut bring = BTreeMap::new();
        let people = [
            (Who::Viewer, "vera"),
            (Who::Developer, "grace"),
            (Who::Owner, "ada"),
            (Who::PlatformEngineer, "petra"),
            (Who::Administrator, "adam"),
        ];
        let mut administrator = Browser::new();
        for (who, name) in people {
            provider.wish(json!({ "account": name })).await;
            let mut browser = Browser::new();
            let page = browser.sign_in(&portal, "corp").await;
            let cookie = browser.cookie(&portal.base, "causeway_session");
            let cookie = cookie.unwrap_or_else(|| panic!("{name} did not come in: {}", page.text));
            bring.insert(who, (header::COOKIE, format!("causeway_session={cookie}")));
            administrator = browser;
        }
        let form: &[(&str, &str)] = &[("name", "reader"), ("days", "1"), ("read", "true")];
        let page = administrator.send(Method::POST, &format!("{}/account/tokens", portal.base), Some(form)).await;
        let page = page.text().await.unwrap();
        let at = page.find("cw_pat_").expect("a token is made");
        bring.insert(Who::Reader, (header::AUTHORIZATION, format!("Bearer {}", &page[at..at + 47])));
        let made = Self::make(&portal, &mut administrator).await;
        let mut cast = Self { portal, bring, made };
        cast.start_a_run().await;
        cast
    }

    async fn make(portal: &Portal, administrator: &mut Browser) -> Vec<(&'static str, String)> {
        let file = portal.write("own.yaml", OWN);
        let target = json!({ "kind": "file", "target": file });
        let source = as_administrator(portal, Method::POST, "/api/v1/catalog/sources", Some(&target)).await;
        let quay: Value = portal
            .until("what is owned is in the catalog", async |portal| {
                let path = "/api/v1/catalog/entities/component/default/quay";
                let asked = portal.request(Method::GET, path).bearer_auth(TOKEN).send().await.unwrap();
                if asked.status().is_success() { asked.json().await.ok() } else { None }
            })
            .await;
        let form: &[(&str, &str)] = &[("name", "deployer"), ("days", "1"), ("read", "true"), ("roles", "viewer")];
        administrator.send(Method::POST, &format!("{}/people/tokens", portal.base), Some(form)).await;
        let page = administrator.open(&format!("{}/people/tokens", portal.base)).await.text;
        let at = page.find("name=\"id\" value=\"").expect("the token can be ended") + 17;
        vec![
            ("$nothing", NOTHING.to_owned()),
            ("$source", source["id"].as_str().unwrap().to_owned()),
            ("$file", file),
            ("$quay", quay["metadata"]["uid"].as_str().unwrap().to_owned()),
            ("$token", page[at..at + 36].to_owned()),
        ]
    }

    /// One that is over when it is asked about.
    async fn start_a_run(&mut self) {
        let wanted = json!({ "templateRef": "template:default/paper", "values": {} });
        let (name, value) = &self.bring[&Who::Owner];
        let request = self.portal.request(Method::POST, "/api/scaffolder/v2/tasks").header(name, value);
        let answer = request.header(header::ORIGIN, &self.portal.base).json(&wanted).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status} {text}");
        let run: Value = serde_json::from_str(&text).unwrap();
        let id = run["id"].as_str().unwrap().to_owned();
        let path = format!("/api/scaffolder/v2/tasks/{id}");
        let _: () = self
            .portal
            .until("the run is over", async |portal| {
                let run = as_administrator(portal, Method::GET, &path, None).await;
                (run["status"] == "completed").then_some(())
            })
            .await;
        self.made.push(("$number", run["number"].to_string()));
        self.made.push(("$run", id));
    }

    /// A text of the table with the names of what was made.
    fn named(&self, text: &str) -> String {
        self.made.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Asks as `who`.
    pub(super) async fn ask(&self, who: Who, row: &Row, functions: &BTreeMap<String, String>) -> Response {
        let usual = BTreeMap::from([
            ("namespace", "default"),
            ("kind", "component"),
            ("name", "quay"),
            ("id", NOTHING),
            ("uid", NOTHING),
            ("source", NOTHING),
        ]);
        let (method, path) = match &row.ask {
            Ask::Route(method) => (method.clone(), row.path(&usual)),
            Ask::Page => (Method::GET, row.path(&usual)),
            Ask::Call => (Method::POST, functions[&row.route].clone()),
        };
        let mut request = self.portal.request(method.clone(), &self.named(&path));
        if let Some((name, value)) = self.bring.get(&who) {
            request = request.header(name, value);
        }
        if method != Method::GET && who != Who::Reader {
            request = request.header(header::ORIGIN, &self.portal.base);
        }
        if row.ask == Ask::Page {
            request = request.header(header::ACCEPT, "text/html");
        }
        request = match &row.body {
            Body::None => request,
            Body::Json(text) => request.header(header::CONTENT_TYPE, "application/json").body(self.named(text)),
            Body::Form(text) => {
                request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(self.named(text))
            }
        };
        request.send().await.unwrap()
    }
}
