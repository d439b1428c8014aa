//! A certified `OpenID` provider, and a browser that goes there and back.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use reqwest::{Client, Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use crate::portal::{Backend, Options, PATIENCE, Portal};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end/provider");

/// What a test asks of the settings of a provider, beyond where it is.
pub(crate) const USUAL: &str =
    r#"client_id = "causeway", client_secret = "env:PROVIDER_SECRET", scopes = ["profile", "email", "groups"]"#;

/// One running provider.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    client: Client,
    _process: Child,
    // Kept for its end: closing it stops the provider.
    _pipe: ChildStdin,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        assert!(
            Path::new(FOLDER).join("node_modules/oidc-provider").exists(),
            "the provider is missing: run `make setup`"
        );
        let mut node = Command::new("node");
        node.arg("serve.mjs").current_dir(FOLDER);
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = node.spawn().unwrap();
        let pipe = process.stdin.take().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.starts_with("http://") {
                    return line;
                }
            }
            panic!("the provider ended at once");
        };
        let issuer = timeout(PATIENCE, ready).await.expect("the provider says where it serves");
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let client = Client::builder().timeout(PATIENCE).build().unwrap();
        Self { issuer, client, _process: process, _pipe: pipe }
    }

    /// Tells the provider what to do next.
    pub(crate) async fn wish(&self, wish: Value) {
        let told = self.client.post(format!("{}/control", self.issuer)).json(&wish).send().await.unwrap();
        assert_eq!(told.status(), StatusCode::OK);
    }

    /// A token for a pipeline.
    pub(crate) async fn sign(&self, claims: Value) -> String {
        let signed = self.client.post(format!("{}/sign", self.issuer)).json(&claims).send().await.unwrap();
        signed.text().await.unwrap()
    }

    /// Its settings, as a line of TOML.
    pub(crate) fn settings(&self, id: &str, more: &str) -> String {
        format!("{{ id = \"{id}\", name = \"Corp {id}\", issuer = \"{}\", {more} }}", self.issuer)
    }

    /// Lets the portal's addresses be returned to.
    pub(crate) async fn know(&self, portal: &Portal, ids: &[&str]) {
        let redirects: Vec<String> = ids.iter().map(|id| format!("{}/auth/callback/{id}", portal.base)).collect();
        self.wish(json!({ "redirects": redirects, "afterwards": [format!("{}/auth/signed-out", portal.base)] })).await;
    }
}

/// A portal that lets people in through a provider, whose people are in the catalog.
pub(crate) async fn portal(backend: Backend, provider: &Provider, more: &str) -> Portal {
    portal_with(backend, &[provider.settings("corp", &format!("{USUAL}, {more}"))], Options::default()).await
}

/// The same with several providers.
pub(crate) async fn portal_with(backend: Backend, providers: &[String], options: Options) -> Portal {
    let options = options
        .set("SIGN_IN__PROVIDERS", &format!("[{}]", providers.join(", ")))
        .set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'"))
        .set("OUTBOUND__ALLOW", "[\"127.0.0.1\"]")
        .variable("PROVIDER_SECRET", "a-secret-that-is-only-used-by-tests");
    let portal = Portal::start_with(backend, options).await;
    people(&portal).await;
    portal
}

/// The administrator's token of these portals.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

const PEOPLE: &str = "apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: harbour
spec:
  type: organisation
  children: []
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: berths
spec:
  type: team
  parent: harbour
  children: []
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: quays
spec:
  type: team
  children: []
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata:
  name: ada-b
  annotations:
    corp.example/id: ada
spec:
  profile:
    email: Ada@saltmarsh.example
  memberOf: [berths]
";

async fn people(portal: &Portal) {
    let file = portal.write("people.yaml", PEOPLE);
    let target = json!({ "type": "file", "target": file });
    let registered =
        portal.request(Method::POST, "/api/catalog/locations").bearer_auth(TOKEN).json(&target).send().await.unwrap();
    assert_eq!(registered.status(), StatusCode::CREATED, "{}", registered.text().await.unwrap());
    let _: () = portal
        .until("people are in the catalog", async |portal| {
            let user = portal.request(Method::GET, "/api/catalog/entities/by-name/user/default/ada-b");
            (user.bearer_auth(TOKEN).send().await.unwrap().status() == StatusCode::OK).then_some(())
        })
        .await;
}

/// A browser, as far as cookies and redirects go: each host and port has its own.
pub(crate) struct Browser {
    client: Client,
    jar: BTreeMap<(String, String), String>,
}

/// Where a browser ended up.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

fn origin(url: &str) -> String {
    let url: reqwest::Url = url.parse().unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap())
}

impl Browser {
    pub(crate) fn new() -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build().unwrap();
        Self { client, jar: BTreeMap::new() }
    }

    /// What it keeps for a portal.
    pub(crate) fn cookie(&self, url: &str, name: &str) -> Option<String> {
        self.jar.get(&(origin(url), name.to_owned())).cloned()
    }

    pub(crate) fn plant(&mut self, url: &str, name: &str, value: &str) {
        self.jar.insert((origin(url), name.to_owned()), value.to_owned());
    }

    /// The names of all that it keeps for a portal.
    pub(crate) fn names(&self, url: &str) -> Vec<String> {
        let here = origin(url);
        self.jar.keys().filter(|(origin, _)| *origin == here).map(|(_, name)| name.clone()).collect()
    }

    /// One request, without going on.
    pub(crate) async fn send(&mut self, method: Method, url: &str, form: Option<&[(&str, &str)]>) -> Response {
        let here = origin(url);
        let cookies: Vec<String> = self
            .jar
            .iter()
            .filter(|((origin, _), _)| *origin == here)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let mut request = self.client.request(method.clone(), url).header(header::ACCEPT, "text/html");
        if method != Method::GET {
            // As browsers do with every form.
            request = request.header(header::ORIGIN, format!("http://{here}"));
        }
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if let Some(form) = form {
            let mut body = reqwest::Url::parse("http://x/").unwrap();
            body.query_pairs_mut().extend_pairs(form);
            request = request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.query().unwrap_or_default().to_owned());
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            let key = (here.clone(), name.to_owned());
            let is_gone = text.to_lowercase().contains("max-age=0") || text.contains("01 Jan 1970");
            if is_gone {
                self.jar.remove(&key)
            } else {
                self.jar.insert(key, value.to_owned())
            };
        }
        response
    }

    /// Goes on until it is nowhere sent any more.
    pub(crate) async fn follow(&mut self, method: Method, url: &str, form: Option<&[(&str, &str)]>) -> Page {
        let (mut url, mut response) = (url.to_owned(), self.send(method, url, form).await);
        for _ in 0..15 {
            if !response.status().is_redirection() {
                break;
            }
            let next = response.headers()[header::LOCATION].to_str().unwrap();
            url = reqwest::Url::parse(&url).unwrap().join(next).unwrap().to_string();
            response = self.send(Method::GET, &url, None).await;
        }
        Page { status: response.status(), text: response.text().await.unwrap() }
    }

    pub(crate) async fn open(&mut self, url: &str) -> Page {
        self.follow(Method::GET, url, None).await
    }

    /// Signs in through a provider.
    pub(crate) async fn sign_in(&mut self, portal: &Portal, id: &str) -> Page {
        self.open(&format!("{}/auth/start/{id}?next=%2Faccount", portal.base)).await
    }
}
