//! What use the roles were that were given: who has them, when they were last of use, and which nobody needs.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    portal::{Backend, Options, Portal},
    postgres,
    provider::{Browser, Provider, USUAL, portal_with},
};

async fn ask(portal: &Portal, token: &str, method: Method, path: &str) -> StatusCode {
    portal.request(method, path).bearer_auth(token).send().await.unwrap().status()
}

async fn uses(portal: &Portal, query: &str) -> Vec<Value> {
    portal.json(&format!("/api/v1/permission/role-uses{query}")).await["items"].as_array().unwrap().clone()
}

fn of<'a>(items: &'a [Value], role: &str, to: &str) -> &'a Value {
    items
        .iter()
        .find(|item| item["role"] == role && item["to"] == to)
        .unwrap_or_else(|| panic!("{role} {to}: {items:?}"))
}

both! {
    async fn a_role_is_used_when_nothing_less_would_do(portal) {
        let every = "read,write,run,approve,administer";
        let mut tokens = Vec::new();
        for name in ["reader", "keeper"] {
            tokens.push(portal.command(&["token", "create", name, "--roles", "viewer", "--scopes", every]).await.trim().to_owned());
        }
        for name in ["reader", "keeper"] {
            let role = json!({ "role": "platform-engineer", "to": format!("machine:{name}") });
            assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
        }
        // Both read, which everyone may; one reads the audit log too, which takes a platform engineer.
        for token in &tokens {
            assert_eq!(ask(&portal, token, Method::GET, "/api/v1/catalog/sources").await, StatusCode::OK);
        }
        // What pages offer to those who may is not done by looking at it.
        for page in ["/", "/policies", "/policies/viewer", "/roles", "/create", "/sources/new", "/sources/orphans", "/catalog"] {
            let seen = portal.request(Method::GET, page).bearer_auth(&tokens[0]).header(header::ACCEPT, "text/html");
            assert_eq!(seen.send().await.unwrap().status(), StatusCode::OK, "{page}");
        }
        for question in ["why?permission=readAudit", "why?permission=startRun"] {
            let path = format!("/api/v1/permission/{question}");
            assert_eq!(ask(&portal, &tokens[0], Method::GET, &path).await, StatusCode::OK);
        }
        assert_eq!(ask(&portal, &tokens[1], Method::GET, "/api/v1/audit").await, StatusCode::OK);
        let items = portal.until("uses are written", async |portal| {
            let items = uses(portal, "").await;
            let is_written = |role, to| !of(&items, role, to)["lastUsedAt"].is_null();
            (is_written("platform-engineer", "machine:keeper") && of(&items, "viewer", "")["users"] == 2).then_some(items)
        }).await;
        assert!(of(&items, "platform-engineer", "machine:reader")["lastUsedAt"].is_null(), "{items:?}");
        assert_eq!((&of(&items, "viewer", "")["users"], &of(&items, "viewer", "")["by"]), (&json!(2), &json!("settings")));
        assert_eq!(of(&items, "viewer", "machine:reader")["by"], "token");
        assert_eq!(of(&items, "platform-engineer", "machine:keeper")["users"], 1);
        // What was just given is not unused yet, whatever it was used for.
        assert!(uses(&portal, "?unused=true&days=1").await.is_empty());
        for wrong in ["?days=0", "?days=many", "?days=9999", "?unused=maybe"] {
            let refused = portal.get(&format!("/api/v1/permission/role-uses{wrong}")).await;
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        // A role that no policy speaks of permits nothing: it is made all the same, and told of wherever it stands.
        let ghost = portal.said_by(&["token", "create", "ghosted", "--roles", "ghost,viewer"]).await;
        assert!(ghost.contains("No policy speaks of the role `ghost`") && !ghost.contains("`viewer`"), "{ghost}");
        let items = uses(&portal, "").await;
        assert_eq!(of(&items, "ghost", "machine:ghosted")["doubt"], "no policy speaks of this role");
        assert!(of(&items, "viewer", "machine:ghosted")["doubt"].is_null());
        assert!(portal.get("/roles/unused").await.text().await.unwrap().contains("no policy speaks of this role"));
        // It is for administrators: who does what when is nobody else's business.
        for path in ["/api/v1/permission/role-uses", "/roles/unused"] {
            assert_eq!(ask(&portal, &tokens[1], Method::GET, path).await, StatusCode::FORBIDDEN, "{path}");
        }
        // The page has what takes it away beside each, and leads back.
        let page = portal.get("/roles/unused?days=30").await.text().await.unwrap();
        assert!(page.contains("machine:reader") && page.contains("End the token") && page.contains("in causeway.toml"), "{page}");
        assert!(page.contains("name=\"days\" value=\"30\""), "{page}");
        let taken = portal.request(Method::POST, "/roles")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("role=platform-engineer&to=machine%3Areader&days=30&deed=take")
            .send().await.unwrap();
        assert_eq!((taken.status(), &taken.headers()[header::LOCATION]), (StatusCode::SEE_OTHER, &"/roles/unused?days=30".parse().unwrap()));
        assert!(uses(&portal, "").await.iter().all(|item| item["to"] != "machine:reader" || item["role"] == "viewer"));
        assert!(portal.get("/roles/unused?days=x").await.text().await.unwrap().contains("That is no number of days"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_long_ago_or_never_is_unused() {
    let mut portal = Portal::start(Backend::Postgres).await;
    let role = json!({ "role": "developer", "to": "group:harbour" });
    assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
    portal.kill().await;
    // Time is made to pass in the database: everything there happened a hundred days earlier.
    for change in ["role_grants SET given_at", "role_uses SET used_at"] {
        postgres::execute(portal.database().unwrap(), &format!("UPDATE {change} = now() - interval '100 days'"));
    }
    portal.restart().await;
    let unused = uses(&portal, "?unused=true&days=90").await;
    assert_eq!(of(&unused, "developer", "group:default/harbour")["unused"], true);
    assert!(uses(&portal, "?unused=true&days=120").await.is_empty());
    let page = portal.get("/roles/unused").await.text().await.unwrap();
    assert!(page.contains("of no use to anyone for 90 days") && page.contains("Take away"), "{page}");
    // What is given again begins anew, with no uses of before.
    let taken = portal.request(Method::DELETE, "/api/v1/permission/roles").json(&role).send().await.unwrap();
    assert_eq!(taken.status(), StatusCode::NO_CONTENT);
    postgres::execute(
        portal.database().unwrap(),
        "INSERT INTO role_uses (tenant, role, grantee, subject, used_at) \
         VALUES ('default', 'developer', 'group:default/harbour', 'user:default/ada', now() - interval '100 days')",
    );
    assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
    let items = uses(&portal, "").await;
    let given = of(&items, "developer", "group:default/harbour");
    assert_eq!((&given["unused"], &given["lastUsedAt"], &given["users"]), (&json!(false), &Value::Null, &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_of_the_settings_are_told_of_and_watched_as_well() {
    let provider = Provider::start().await;
    let options =
        Options::default().set("SIGN_IN__ADMINISTRATORS", "[\"group:default/berths\", \"user:default/nobody\"]");
    let portal = portal_with(
        Backend::Sqlite,
        &[provider
            .settings("corp", &format!("{USUAL}, match = [{{ annotation = \"corp.example/id\", claim = \"sub\" }}]"))],
        options,
    )
    .await;
    provider.know(&portal, &["corp"]).await;
    provider.wish(json!({ "account": "ada" })).await;
    let mut ada = Browser::new();
    ada.sign_in(&portal, "corp").await;
    let asked = format!("{}/api/v1/permission/role-uses", portal.base);
    let items = portal
        .until("her use is written", async |_| {
            let page = ada.open(&asked).await;
            let items = serde_json::from_str::<Value>(&page.text).unwrap()["items"].as_array().unwrap().clone();
            (!of(&items, "administrator", "group:default/berths")["lastUsedAt"].is_null()).then_some(items)
        })
        .await;
    let (team, nobody) =
        (of(&items, "administrator", "group:default/berths"), of(&items, "administrator", "user:default/nobody"));
    assert_eq!((&team["by"], &team["users"]), (&json!("settings"), &json!(1)), "{team}");
    assert_eq!(
        (&nobody["by"], &nobody["lastUsedAt"], &nobody["users"]),
        (&json!("settings"), &Value::Null, &json!(0)),
        "{nobody}"
    );
}
