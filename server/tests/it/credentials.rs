//! Credentials: by reference, shown to the server they are bound to, and to nobody else.

use std::path::Path;

use axum::{
    extract::Request,
    http::{StatusCode, header},
    response::IntoResponse,
};
use reqwest::Method;
use serde_json::json;

use crate::{
    catalog::component,
    forge::{Web, basic},
    portal::{Backend, Options, Portal},
};

const SECRET: &str = "t1de-tables-are-private";

/// Whether any file below a folder holds the text.
fn is_kept(folder: &Path, text: &str) -> Option<String> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path)
                && bytes.windows(text.len()).any(|window| window == text.as_bytes())
            {
                return Some(path.display().to_string());
            }
        }
    }
    None
}

fn allowing(hosts: &[&str]) -> Options {
    Options::default().set("OUTBOUND__ALLOW", &serde_json::to_string(hosts).unwrap())
}

/// A document that is served to whoever shows the secret, or to all.
async fn documents(open: &'static str, private: &'static str) -> Web {
    Web::start(move |request: &Request| {
        let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match request.uri().path() {
            "/open.yaml" => {
                Some(open.replace("HOST", request.headers()[header::HOST].to_str().unwrap()).into_response())
            }
            "/private.yaml" if shown == Some(&format!("Bearer {SECRET}")) => Some(private.into_response()),
            "/private.yaml" => Some(StatusCode::UNAUTHORIZED.into_response()),
            _ => None,
        }
    })
    .await
}

both! {
    async fn a_private_repository_is_read_with_a_secret_that_is_nowhere_else(portal) {
        let mut portal = portal;
        let server = Web::git("x-access-token", SECRET).await;
        let text = component("tides", "service", "berths") + "---\n" + &component("tables", "library", "berths");
        let address = server.repository("quay/tides", &[("catalog-info.yaml", &text)]);
        let bound = format!("{{ at = \"http://{}/quay\", token = \"env:QUAY_TOKEN\" }}", server.web.address);
        let options = allowing(&[&server.web.address]).set("CREDENTIALS__QUAY", &bound);
        portal.terminate().await;
        portal.ended().await;
        portal.restart_with(options.clone()).await;
        // A secret that is not there, and one that is wrong, say which one and how to mend it.
        let registered = portal.register("git", &address).await;
        let problem = registered["problem"].as_str().unwrap();
        assert!(problem.contains("the environment variable `QUAY_TOKEN` is not set"), "{problem}");
        assert!(server.web.taken().is_empty());
        portal.terminate().await;
        portal.ended().await;
        portal.restart_with(options.clone().variable("QUAY_TOKEN", "wrong-tables")).await;
        let id = registered["location"]["id"].as_str().unwrap();
        portal.json(&format!("/api/v1/catalog/sources/{id}")).await;
        portal.post(&format!("/api/v1/catalog/sources/{id}/sync"), &json!({})).await;
        let problem = portal.until("the refusal is told", async |portal| {
            let source = portal.json(&format!("/api/v1/catalog/sources/{id}")).await;
            source["source"]["problem"].as_str().filter(|problem| problem.contains("refuses")).map(str::to_owned)
        }).await;
        assert!(problem.contains("refuses the credential `quay` (the environment variable `QUAY_TOKEN`)"), "{problem}");
        assert!(problem.contains("[credentials.quay]") && !problem.contains("wrong-tables"), "{problem}");
        portal.terminate().await;
        portal.ended().await;
        portal.restart_with(options.variable("QUAY_TOKEN", SECRET)).await;
        portal.post(&format!("/api/v1/catalog/sources/{id}/sync"), &json!({})).await;
        portal.until("the repository is read", async |portal| (portal.names("").await == ["tables", "tides"]).then_some(())).await;
        // The page names the reference; nothing shows or keeps the secret.
        let page = portal.html(&format!("/sources/{id}")).await;
        assert!(page.contains("the environment variable QUAY_TOKEN") && !page.contains(SECRET), "{page}");
        let listed = portal.get("/api/v1/catalog/credentials").await.text().await.unwrap();
        assert!(listed.contains("QUAY_TOKEN") && !listed.contains(SECRET), "{listed}");
        let header = basic("x-access-token", SECRET);
        for secret in [SECRET, header.trim_start_matches("Basic ")] {
            assert_eq!(is_kept(&portal.data.path().join("data"), secret), None);
        }
    }

    async fn a_secret_that_is_sealed_in_the_portal_is_used_and_never_shown(portal) {
        let mut portal = portal;
        let server = Web::git("causeway", SECRET).await;
        let address = server.repository("quay/tides", &[("catalog-info.yaml", &component("tides", "service", "berths"))]);
        portal.terminate().await;
        portal.ended().await;
        portal.restart_with(allowing(&[&server.web.address])).await;
        let registered = portal.register("git", &address).await;
        let problem = registered["problem"].as_str().unwrap();
        assert!(problem.contains("none is bound to it") && problem.contains("Sources, Credentials"), "{problem}");
        let at = format!("http://{}/quay", server.web.address);
        let fields = [
            ("name", "quay"), ("at", at.as_str()), ("kind", "password"), ("user", "causeway"), ("secret", SECRET), ("known_hosts", ""),
        ];
        portal.submit("/sources/credentials", "seal_credential", &fields).await;
        let page = portal.html("/sources/credentials").await;
        assert!(page.contains("password of causeway") && page.contains(&at) && !page.contains(SECRET), "{page}");
        assert_eq!(is_kept(&portal.data.path().join("data"), SECRET), None);
        let id = registered["location"]["id"].as_str().unwrap();
        portal.post(&format!("/api/v1/catalog/sources/{id}/sync"), &json!({})).await;
        portal.until("the repository is read", async |portal| (portal.names("").await == ["tides"]).then_some(())).await;
        let changes = portal.get("/api/v1/changes?limit=100").await.text().await.unwrap();
        assert!(!changes.contains(SECRET), "{changes}");
        portal.submit("/sources/credentials", "remove_credential", &[("name", "quay")]).await;
        assert!(!portal.html("/sources/credentials").await.contains("password of causeway"));
        assert!(portal.html("/").await.contains("The credential quay was removed"));
        for (wrong, why) in [
            (json!({ "name": "Quay", "at": "a", "kind": "token", "secret": "s" }), "cannot name a credential"),
            (json!({ "name": "quay", "at": "", "kind": "token", "secret": "s" }), "bound to a server"),
            (json!({ "name": "quay", "at": "a", "kind": "token", "secret": " " }), "the secret is empty"),
            (json!({ "name": "quay", "at": "a", "kind": "password", "secret": "s" }), "needs the user"),
            (json!({ "name": "quay", "at": "a", "kind": "ssh", "secret": "s" }), "known_hosts"),
            (json!({ "name": "quay", "at": "a", "kind": "ssh", "secret": "s", "known_hosts": "a x y" }), "no private key"),
        ] {
            let (status, told) = portal.post("/api/v1/catalog/credentials", &wrong).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
            assert!(told.to_string().contains(why), "{told}");
        }
    }
}

#[tokio::test]
async fn a_redirect_takes_no_credential_along() {
    let thief = Web::start(|_: &Request| Some(component("stolen", "service", "berths").into_response())).await;
    let leads_to = format!("http://{}/private.yaml", thief.address);
    let server = Web::start(move |request: &Request| {
        let elsewhere = if request.uri().path() == "/away.yaml" { leads_to.as_str() } else { "/private.yaml" };
        let shown = request.headers().get(header::AUTHORIZATION).is_some();
        Some(match request.uri().path() {
            "/private.yaml" if shown => component("own", "service", "berths").into_response(),
            _ => (StatusCode::FOUND, [(header::LOCATION, elsewhere.to_owned())]).into_response(),
        })
    })
    .await;
    let bound = format!("{{ at = \"http://{}\", token = \"env:QUAY_TOKEN\" }}", server.address);
    let options = allowing(&[&server.address, &thief.address]).set("CREDENTIALS__QUAY", &bound);
    let portal = Portal::start_with(Backend::Sqlite, options.variable("QUAY_TOKEN", SECRET)).await;
    portal.register("url", &format!("http://{}/here.yaml", server.address)).await;
    portal.register("url", &format!("http://{}/away.yaml", server.address)).await;
    assert_eq!(portal.names("").await, ["own", "stolen"]);
    assert!(server.asked().iter().all(|asked| asked.authorization.as_deref() == Some(&format!("Bearer {SECRET}"))));
    assert_eq!(thief.asked().len(), 1);
    assert!(thief.asked().iter().all(|asked| asked.authorization.is_none()), "{:?}", thief.asked());
}

#[tokio::test]
async fn a_document_of_another_source_cannot_have_private_files_read() {
    const OPEN: &str = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: { name: all }\nspec: { target: 'http://HOST/private.yaml' }\n";
    let private = documents(OPEN, "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: private }\nspec: { type: service, lifecycle: production, owner: berths }\n").await;
    let leads_to = OPEN.replace("HOST", &private.address);
    let stranger = {
        let leads_to = leads_to.clone();
        Web::start(move |_: &Request| Some(leads_to.clone().into_response())).await
    };
    let bound = format!("{{ at = \"http://{}\", token = \"env:QUAY_TOKEN\" }}", private.address);
    let options = allowing(&[&private.address, &stranger.address]).set("CREDENTIALS__QUAY", &bound);
    let portal = Portal::start_with(Backend::Sqlite, options.variable("QUAY_TOKEN", SECRET)).await;
    let registered = portal.register("url", &format!("http://{}/all.yaml", stranger.address)).await;
    assert_eq!(portal.names("filter=kind=component").await, Vec::<String>::new());
    let id = registered["location"]["id"].as_str().unwrap();
    let trace = portal.json(&format!("/api/v1/catalog/sources/{id}")).await.to_string();
    assert!(trace.contains("wants a credential, and `quay` is not shown to it"), "{trace}");
    assert!(private.asked().iter().all(|asked| asked.authorization.is_none()), "{:?}", private.asked());
    portal.request(Method::DELETE, &format!("/api/catalog/locations/{id}")).send().await.unwrap();
    // What was read with it, and the server's own disk, may name more.
    let own = portal.register("url", &format!("http://{}/open.yaml", private.address)).await;
    assert_eq!(portal.names("filter=kind=component").await, ["private"]);
    let own = own["location"]["id"].as_str().unwrap();
    portal.request(Method::DELETE, &format!("/api/catalog/locations/{own}")).send().await.unwrap();
    let path = portal.write("all.yaml", leads_to);
    portal.register("file", &path).await;
    assert_eq!(portal.names("filter=kind=component").await, ["private"]);
}
