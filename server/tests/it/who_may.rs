//! Questions about those who are not here: machines by what their tokens let them do, people by all the teams that they have; and
//! what a draft of policies would give and take.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
    sign_in::both_with_a_provider,
};

async fn ask(portal: &Portal, path: &str) -> (StatusCode, Value) {
    let response = portal.request(Method::GET, path).bearer_auth(TOKEN).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

/// How far someone could do things, by the names of permissions.
async fn could(portal: &Portal, who: &str, permissions: &[&str]) -> Vec<String> {
    let (status, rows) = ask(portal, &format!("/api/v1/permission/what-could?who={who}")).await;
    assert_eq!(status, StatusCode::OK, "{rows}");
    let row = |name: &&str| rows.as_array().unwrap().iter().find(|row| row["permission"] == **name).unwrap().clone();
    permissions.iter().map(|name| row(name)["extent"].as_str().unwrap().to_owned()).collect()
}

/// Who holds a role of those who can do a thing, and who can without one.
async fn holders(portal: &Portal, question: &str, role: &str) -> Vec<String> {
    let (status, who) = ask(portal, &format!("/api/v1/permission/who-can?{question}")).await;
    assert_eq!(status, StatusCode::OK, "{who}");
    let rows =
        who.as_array().unwrap().iter().filter(|who| who["role"] == role && (role.is_empty() || who["of"].is_null()));
    let names = rows.flat_map(|who| match role {
        "" => vec![who["of"].clone()],
        _ => who["holders"].as_array().unwrap().clone(),
    });
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

both_with_a_provider! {
    async fn machines_are_answered_for_by_their_roles_and_scopes(backend, provider) {
        let pipelines = format!(
            "[{{ name = \"deploys\", issuer = \"{}\", audience = \"causeway\", scopes = [\"read\", \"run\"], roles = [\"developer\"], \
             require = {{ repository = \"saltmarsh/*\" }} }}]",
            provider.issuer
        );
        let portal = portal_with(backend, &[], Options::default().set("SIGN_IN__PIPELINES", &pipelines)).await;
        portal.command(&["token", "create", "directory", "--roles", "provisioner", "--scopes", "provision"]).await;
        portal.command(&["token", "create", "reader", "--roles", "developer", "--scopes", "read"]).await;
        // The roles and scopes of the pipeline and of the tokens count.
        assert_eq!(
            could(&portal, "machine:deploys", &["startRun", "readCatalog", "manageSources", "keepOwnTokens"]).await,
            ["on everything", "on everything", "on nothing", "on nothing"]
        );
        assert_eq!(
            could(&portal, "machine:directory", &["provisionPeople", "readCatalog", "readRepository"]).await,
            ["on everything", "on nothing", "on nothing"]
        );
        let (_, rows) = ask(&portal, "/api/v1/permission/what-could?who=machine:directory").await;
        let read = rows.as_array().unwrap().iter().find(|row| row["permission"] == "readCatalog").unwrap();
        assert!(read["narrowed"].as_str().unwrap().contains("narrowed to provision"), "{read}");
        // So they do where it is asked who can.
        assert_eq!(holders(&portal, "permission=startRun&on=template:default/paper", "developer").await, ["machine:deploys"]);
        assert_eq!(holders(&portal, "permission=provisionPeople", "provisioner").await, ["machine:directory"]);
        assert_eq!(holders(&portal, "permission=provisionPeople", "").await, Vec::<String>::new());
        // A policy that speaks of it gives it what no role does.
        let text = "permit (principal == Machine::\"reader\", action == Action::\"readAudit\", resource);\n\
                    permit (principal, action == Action::\"startRun\", resource) when { principal == Machine::\"deploys\" };";
        let put = portal.request(Method::PUT, "/api/v1/permission/policies/reader").bearer_auth(TOKEN);
        assert_eq!(put.json(&json!({ "text": text })).send().await.unwrap().status(), StatusCode::OK);
        // Its token does not let it.
        assert_eq!(holders(&portal, "permission=readAudit", "").await, Vec::<String>::new());
        // The roles of pipelines are among those of which it is told who uses them.
        let (_, uses) = ask(&portal, "/api/v1/permission/role-uses").await;
        let items = uses["items"].as_array().unwrap();
        let of = items.iter().find(|item| item["to"] == "machine:deploys").unwrap_or_else(|| panic!("{uses}"));
        assert_eq!((&of["role"], &of["by"]), (&json!("developer"), &json!("settings")));
        // Whom nobody knows is not made up.
        for who in ["machine:nobody", "user:default/nobody"] {
            let (status, said) = ask(&portal, &format!("/api/v1/permission/what-could?who={who}")).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{said}");
            assert!(said["detail"].as_str().unwrap().contains(&format!("nobody is known as `{who}`")), "{said}");
            let page = portal.request(Method::GET, &format!("/may?who={who}")).header("accept", "text/html").bearer_auth(TOKEN);
            assert!(page.send().await.unwrap().text().await.unwrap().contains("nobody is known as"));
        }
    }

    async fn people_are_answered_for_with_the_teams_of_their_sign_in(backend, provider) {
        let settings = provider.settings("corp", &format!("{USUAL}, trust_email = true, teams = {{ \"/quays\" = \"group:default/quays\" }}"));
        let portal = portal_with(backend, &[settings], Options::default()).await;
        provider.know(&portal, &["corp"]).await;
        let role = json!({ "role": "developer", "to": "group:default/quays" });
        let given = portal.request(Method::POST, "/api/v1/permission/roles").bearer_auth(TOKEN).json(&role).send().await.unwrap();
        assert_eq!(given.status(), StatusCode::NO_CONTENT);
        assert_eq!(could(&portal, "user:default/ada-b", &["readCatalog", "startRun"]).await, ["on everything", "on nothing"]);
        provider.wish(json!({ "account": "ada", "groups": ["/quays"] })).await;
        Browser::new().sign_in(&portal, "corp").await;
        assert_eq!(could(&portal, "user:default/ada-b", &["readCatalog", "startRun"]).await, ["on everything", "on everything"]);
        let page = portal.request(Method::GET, "/may?who=user:default/ada-b").header("accept", "text/html").bearer_auth(TOKEN);
        let page = page.send().await.unwrap().text().await.unwrap();
        assert!(page.contains("in group:default/berths, group:default/harbour, group:default/quays"), "{page}");
    }
}

const THINGS: &str = "apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: crane }
spec: { type: service, lifecycle: production, owner: berths }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: berths }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: platform }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: grace }
spec: { memberOf: [berths] }
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: paper, tags: [docs] }
spec: { type: docs, owner: berths, steps: [{ id: log, action: 'debug:log', input: { message: x } }] }
";

both! {
    async fn what_a_draft_gives_and_takes_is_told_whatever_it_is_about(portal) {
        let path = portal.write("catalog-info.yaml", THINGS);
        portal.register("file", &path).await;
        let _: () = portal.until("it is in the catalog", async |portal| {
            (portal.get("/api/catalog/entities/by-name/template/default/paper").await.status() == StatusCode::OK).then_some(())
        }).await;
        let hide = "forbid (principal, action == Action::\"readCatalog\", resource is Entity) when { resource.tags.contains(\"secret\") } unless { principal in resource.teams };";
        let put = portal.request(Method::PUT, "/api/v1/permission/policies/hide-secrets").json(&json!({ "text": hide }));
        assert_eq!(put.send().await.unwrap().status(), StatusCode::OK);
        let told = async |text: &str, side: &str| {
            let (status, tried) = portal.post("/api/v1/permission/policies/freeze/preview", &json!({ "text": text })).await;
            assert_eq!((status, &tried["problems"]), (StatusCode::OK, &json!([])), "{tried}");
            let moves = tried[side].as_array().unwrap().clone();
            moves.iter().map(|moved| format!("{}: {}", moved["who"].as_str().unwrap(), moved["what"].as_str().unwrap())).collect::<Vec<_>>()
        };
        let hidden = told("forbid (principal, action == Action::\"readCatalog\", resource is Entity) when { resource.tags.contains(\"docs\") } unless { principal in resource.teams };", "losses").await;
        for role in ["viewer", "platform-engineer", "administrator"] {
            let line = format!("role {role}: read the catalog: 1 of 5 entities looked at, such as `template:default/paper`");
            assert!(hidden.contains(&line), "{hidden:?}");
        }
        assert!(!hidden.iter().any(|line| line.contains("in the owning team")), "{hidden:?}");
        let one = told("forbid (principal == User::\"user:default/grace\", action == Action::\"readCatalog\", resource is Entity) when { resource.kind == \"component\" };", "losses").await;
        assert_eq!(one, ["user:default/grace: read the catalog: 1 of 5 entities looked at, such as `component:default/crane`"]);
        let opened = told("permit (principal in Role::\"developer\", action == Action::\"writeRepository\", resource) when { resource.owner == \"platform\" };", "gains").await;
        assert!(opened.iter().any(|line| line.starts_with("role developer: write to repositories: ") && line.contains("`platform/*`")), "{opened:?}");
        let agreed = told("permit (principal in Role::\"team-lead\", action == Action::\"approveRun\", resource) when { resource.template.name == \"paper\" };", "gains").await;
        assert!(agreed.iter().any(|line| line == "role team-lead: approve or refuse runs: the runs of 1 of 1 templates looked at, such as `template:default/paper`"), "{agreed:?}");
        // Neither gives anything that it does not say.
        assert_eq!(told("permit (principal in Role::\"viewer\", action == Action::\"readCatalog\", resource);", "gains").await, Vec::<String>::new());
    }
}
