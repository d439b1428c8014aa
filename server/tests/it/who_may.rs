//! Questions about those who are not here: machines by what their tokens let them do, people by all the teams that they have; and
//! what a draft of policies would give and take.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    lifecycle::form,
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
        let target = json!({ "type": "file", "target": portal.write("things.yaml", THINGS) });
        let registered = portal.request(Method::POST, "/api/catalog/locations").bearer_auth(TOKEN).json(&target).send().await.unwrap();
        assert_eq!(registered.status(), StatusCode::CREATED);
        let _: () = portal.until("it is in the catalog", async |portal| {
            (ask(portal, "/api/catalog/entities/by-name/template/default/paper").await.0 == StatusCode::OK).then_some(())
        }).await;
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

both_with_a_provider! {
    async fn whoever_is_in_no_catalog_sees_what_is_shown_to_them(backend, provider) {
        let settings = provider.settings("corp", &format!("{USUAL}, create_people = true"));
        let portal = portal_with(backend, &[settings], Options::default()).await;
        provider.know(&portal, &["corp"]).await;
        provider.wish(json!({ "account": "stranger" })).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        let hide = "forbid (principal, action == Action::\"readCatalog\", resource is Entity) when { resource.tags.contains(\"secret\") };";
        let put = portal.request(Method::PUT, "/api/v1/permission/policies/hide-secrets").bearer_auth(TOKEN);
        assert_eq!(put.json(&json!({ "text": hide })).send().await.unwrap().status(), StatusCode::OK);
        for path in ["/", "/catalog", "/catalog/default/group/berths"] {
            let page = browser.open(&format!("{}{path}", portal.base)).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
            assert!(!page.text.contains("Sign in as administrator"), "{path}: {}", page.text);
        }
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

both! {
    async fn a_name_that_means_nobody_is_told_and_what_nobody_gains_is_not(portal) {
        let tried = async |text: &str| {
            let (status, tried) = portal.post("/api/v1/permission/policies/mine/preview", &json!({ "text": text })).await;
            assert_eq!((status, &tried["problems"]), (StatusCode::OK, &json!([])), "{tried}");
            tried
        };
        for (who, told) in [
            ("principal == User::\"vera\"", "such as `User::\"user:default/ada\"`"),
            ("principal == User::\"user:default/nobody\"", "nobody of this name is in the catalog"),
            ("principal in Team::\"quays\"", "such as `Team::"),
            ("principal in Team::\"group:default/nowhere\"", "no such group"),
            ("principal == Machine::\"machine:actions\"", "write `Machine::\"actions\"`"),
            ("principal == Machine::\"actions\"", "no living token"),
            ("principal in Role::\"develloper\"", "nobody was given this role"),
        ] {
            let tried = tried(&format!("permit ({who}, action == Action::\"startRun\", resource);")).await;
            assert!(tried["doubts"][0].as_str().unwrap().contains(told), "{tried}");
        }
        // It could mean everything by its scope, and means one thing for one person.
        let one = "permit (principal in Role::\"viewer\", action, resource) when { principal == User::\"user:default/vera\" && resource is Entity && resource.name == \"crane\" };";
        let gains = tried(one).await["gains"].clone();
        assert!(gains.as_array().unwrap().iter().all(|gain| gain["who"] == "user:default/vera"), "{gains}");
    }

    async fn what_a_policy_hides_is_hidden_with_its_runs(portal) {
        let path = portal.write("catalog-info.yaml", THINGS);
        portal.register("file", &path).await;
        let _: () = portal.until("it is in the catalog", async |portal| {
            (portal.get("/api/catalog/entities/by-name/template/default/paper").await.status() == StatusCode::OK).then_some(())
        }).await;
        let token = portal.command(&["token", "create", "reader", "--roles", "viewer", "--scopes", "read,run"]).await;
        let ask = async |path: &str| {
            let answer = portal.request(Method::GET, path).bearer_auth(token.trim()).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let wanted = json!({ "templateRef": "template:default/paper", "values": {} });
        let (status, run) = portal.post("/api/scaffolder/v2/tasks", &wanted).await;
        assert_eq!(status, StatusCode::CREATED);
        let task = format!("/api/scaffolder/v2/tasks/{}", run["id"].as_str().unwrap());
        let paths = [task.clone(), format!("{task}/events"), "/runs/1".to_owned(), format!("/api/v1/permission/why?permission=readRuns&on=run:{}", run["id"].as_str().unwrap())];
        for path in &paths {
            assert_eq!(ask(path).await.0, 200, "{path}");
        }
        for (name, action, what) in [("unseen", "readCatalog", "Entity"), ("frozen", "startRun", "Template")] {
            let text = format!("forbid (principal == Machine::\"reader\", action == Action::\"{action}\", resource is {what}) when {{ resource.tags.contains(\"docs\") }};");
            let put = portal.request(Method::PUT, &format!("/api/v1/permission/policies/{name}")).json(&json!({ "text": text }));
            assert_eq!(put.send().await.unwrap().status(), StatusCode::OK);
        }
        for path in &paths {
            let (status, said) = ask(path).await;
            assert!(status == 404 && !said.contains("paper") && !said.contains("unseen"), "{path}: {status} {said}");
        }
        for list in ["/api/scaffolder/v2/tasks", "/runs", "/api/v1/approvals"] {
            let (status, said) = ask(list).await;
            assert!(status == 200 && !said.contains("paper"), "{list}: {said}");
        }
    }

    async fn what_is_forbidden_is_not_said_to_be_permitted_by_a_role(portal) {
        let text = "@id(\"freeze\")\n@says(\"nothing is started\")\nforbid (principal == Machine::\"reader\", action == Action::\"startRun\", resource is Template);";
        let put = portal.request(Method::PUT, "/api/v1/permission/policies/freeze").json(&json!({ "text": text }));
        assert_eq!(put.send().await.unwrap().status(), StatusCode::OK);
        let path = portal.write("catalog-info.yaml", THINGS);
        portal.register("file", &path).await;
        let token = portal.command(&["token", "create", "reader", "--roles", "viewer", "--scopes", "read,run"]).await;
        let question = "/api/v1/permission/why?permission=startRun&on=template:default/paper";
        let _: () = portal.until("it is in the catalog", async |portal| {
            (portal.get(question).await.status() == StatusCode::OK).then_some(())
        }).await;
        let why = portal.request(Method::GET, question).bearer_auth(token.trim());
        let why = why.send().await.unwrap().text().await.unwrap();
        assert!(why.contains("freeze") && !why.contains("would permit") && !why.contains("needs"), "{why}");
    }
}

both! {
    async fn who_can_is_told_of_things_that_are_there_and_fit(portal) {
        let ask = async |what: &str, question: &str| {
            let answer = portal.get(&format!("/api/v1/permission/{what}?{question}")).await;
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        for (question, status, why) in [
            ("permission=writeRepository&on=place:/etc/passwd", 422, "`writeRepository` is about Repository, and not about Place"),
            ("permission=writeRepository&on=own", 422, "not about Own"),
            ("permission=startRun&on=source:00000000-0000-4000-8000-000000000000", 404, "there is no source"),
            ("permission=manageSources&on=component:default/nothere", 404, "no entity `component:default/nothere` is in the catalog"),
            ("permission=startRun&on=template:default/nothere", 404, "no entity `template:default/nothere` is in the catalog"),
            ("permission=steerRun&on=run:9", 404, "there is no run #9"),
            ("permission=steerRun&on=run:00000000-0000-4000-8000-000000000000", 404, "there is no run"),
            ("permission=manageSources&on=source:00000000-0000-4000-8000-000000000000", 404, "there is no source"),
        ] {
            for what in ["who-can", "why"] {
                let (answered, said) = ask(what, question).await;
                assert_eq!(answered, status, "{what} {question}: {said}");
                assert!(said["detail"].as_str().unwrap().contains(why), "{what}: {said}");
            }
            let page = portal.html(&format!("/may?{question}")).await;
            assert!(page.contains("That cannot be asked") && !page.contains("You may"), "{question}");
        }
        // Of things in general it can be told whether there may be any, and not who.
        let (status, said) = ask("who-can", "permission=readCatalog").await;
        assert!(status == 422 && said["detail"].as_str().unwrap().contains("`readCatalog` is about Entity or Source, and not about Platform"), "{said}");
        let (status, said) = ask("why", "permission=readCatalog").await;
        assert!(status == 200 && said["why"].as_str().unwrap().contains("it depends on which"), "{said}");
        let (status, said) = ask("what-could", "who=nobody").await;
        assert!(status == 404 && said["detail"].as_str().unwrap().contains("nobody is known as"), "{said}");
        // The page says so, and answers what can be answered.
        let page = portal.get("/may?permission=readCatalog").await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.text().await.unwrap().contains("Who can depends on a thing"));
    }

    async fn a_form_for_a_token_comes_back_as_it_was_filled_in(portal) {
        let send = async |body: &'static str| {
            let request = portal.request(Method::POST, "/people/tokens").header("accept", "text/html");
            let answer = request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap();
            (answer.status(), answer.text().await.unwrap())
        };
        let (status, page) = send("name=BAD+NAME&days=30&administer=true&roles=pilot").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        let input = |name: &str| {
            let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("{name}: {page}"));
            let begin = page[..at].rfind("<input").unwrap();
            page[begin..].split('>').next().unwrap().to_owned()
        };
        for (name, value) in [("name", "BAD NAME"), ("days", "30"), ("roles", "pilot")] {
            assert!(input(name).contains(&format!("value=\"{value}\"")), "{}", input(name));
        }
        assert!(input("administer").contains(" checked") && !input("read").contains(" checked"), "{page}");
        let (status, page) = send("name=good&days=30&read=true&roles=viewer").await;
        assert!(status == StatusCode::OK && page.contains("good is made"), "{page}");
    }

    async fn a_service_has_two_tokens_at_most_however_many_are_asked_for_at_once(portal) {
        let fields = [("name", "nightly"), ("days", "30"), ("read", "true"), ("roles", "viewer")];
        let asked = (0..6).map(|_| form(portal.request(Method::POST, "/people/tokens").header("accept", "text/html"), &fields).send());
        let answers = futures::future::try_join_all(asked).await.unwrap();
        let mut made: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
        made.sort_unstable();
        assert_eq!(made, [200, 200, 409, 409, 409, 409]);
    }

    async fn a_role_that_may_be_of_no_effect_is_told_of(portal) {
        portal.command(&["token", "create", "deployer"]).await;
        for (role, to, doubt) in [
            ("administrattor", "group:default/berths", "no policy speaks of this role"),
            ("developer", "group:default/no-such-group", "no such group is in the catalog"),
            ("developer", "user:default/nobody", "nobody of this name is in the catalog, or came in yet"),
            ("developer", "machine:nothing", "no living token and no pipeline is called so"),
            ("developer", "machine:deployer", ""),
        ] {
            assert_eq!(portal.post("/api/v1/permission/roles", &json!({ "role": role, "to": to })).await.0, StatusCode::NO_CONTENT);
            let all = portal.json("/api/v1/permission/roles").await;
            let given = all.as_array().unwrap().iter().find(|given| given["role"] == role && given["to"] == to).unwrap();
            assert_eq!(given["doubt"].as_str().unwrap_or_default(), doubt, "{given}");
        }
        let page = portal.get("/roles").await.text().await.unwrap();
        assert!(page.contains("no policy speaks of this role") && page.contains("no such group is in the catalog"), "{page}");
    }
}
