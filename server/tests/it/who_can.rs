//! Who can do a thing, where roles, teams and ties forbid what another role permits; and edits of policies that meet.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::portal::Portal;

const THINGS: &str = "apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: berths }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: quays }
spec: { type: team, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: ada }
spec: { memberOf: [berths] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: grace }
spec: { memberOf: [quays] }
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: paper, tags: [docs] }
spec: { type: docs, owner: quays, steps: [{ id: log, action: 'debug:log', input: { message: x } }] }
";

impl Portal {
    async fn has_things(&self) {
        let path = self.write("catalog-info.yaml", THINGS);
        self.register("file", &path).await;
        self.is_there("template/default/paper").await;
    }

    async fn is_there(&self, name: &str) {
        let path = format!("/api/catalog/entities/by-name/{name}");
        let _: () = self
            .until("it is in the catalog", async |portal| (portal.get(&path).await.status() == 200).then_some(()))
            .await;
    }

    async fn gives(&self, role: &str, to: &str) {
        let (status, told) = self.post("/api/v1/permission/roles", &json!({ "role": role, "to": to })).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{told}");
    }

    async fn puts(&self, name: &str, body: &Value) -> (StatusCode, Value) {
        let put = self.request(Method::PUT, &format!("/api/v1/permission/policies/{name}")).json(body);
        let answer = put.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn holds(&self, name: &str, text: &str) {
        let (status, told) = self.puts(name, &json!({ "text": text })).await;
        assert_eq!(status, StatusCode::OK, "{told}");
    }

    async fn who_can(&self, question: &str) -> Vec<Value> {
        self.json(&format!("/api/v1/permission/who-can?{question}")).await.as_array().unwrap().clone()
    }
}

fn row<'a>(rows: &'a [Value], role: &str) -> &'a Value {
    let of_role = rows.iter().find(|row| row["role"] == role && (role.is_empty() || row["of"].is_null()));
    of_role.unwrap_or_else(|| panic!("{role}: {rows:?}"))
}

both! {
    async fn whoever_has_another_role_or_is_tied_to_a_thing_is_an_exception(portal) {
        portal.has_things().await;
        portal.gives("developer", "group:default/berths").await;
        portal.gives("developer", "group:default/quays").await;
        portal.gives("administrator", "user:default/grace").await;
        portal.gives("administrator", "user:default/ada").await;
        portal.holds("hands-off", "forbid (principal in Role::\"administrator\", action == Action::\"startRun\", resource);").await;
        let start = portal.who_can("permission=startRun&on=template:default/paper").await;
        let developer = row(&start, "developer");
        assert!(developer["except"].as_array().unwrap().contains(&json!("role administrator")), "{developer}");
        assert_eq!(developer["holders"], json!(["group:default/berths", "group:default/quays"]));
        // Four eyes: nobody writes to the repositories of their own team.
        portal.holds("four-eyes", "forbid (principal, action == Action::\"writeRepository\", resource) when { principal in resource.teams };").await;
        let write = portal.who_can("permission=writeRepository&on=repository:quays/q1").await;
        let administrator = row(&write, "administrator");
        assert_eq!(administrator["holders"], json!(["user:default/ada"]), "{administrator}");
        assert!(administrator["except"].as_array().unwrap().contains(&json!("group:default/quays")), "{administrator}");
        // Who is named by a condition has the roles that it asks for besides.
        portal.holds("ada-agrees", "permit (principal in Role::\"developer\", action == Action::\"approveRun\", resource) when { principal == User::\"user:default/ada\" };").await;
        let approve = portal.who_can("permission=approveRun&on=template:default/paper").await;
        assert!(approve.iter().any(|who| who.to_string().contains("user:default/ada")), "{approve:?}");
    }

    async fn a_role_that_a_department_has_is_given_to_it_whomever_of_it_a_policy_forbids_the_thing(portal) {
        let things = THINGS.replace("type: team, children: []", "type: team, parent: harbour, children: []");
        let harbour = "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: harbour }\nspec: { type: department, children: [] }\n";
        let path = portal.write("catalog-info.yaml", things + harbour);
        portal.register("file", &path).await;
        portal.is_there("group/default/harbour").await;
        portal.gives("developer", "group:default/harbour").await;
        portal.holds("not-ada", "forbid (principal == User::\"user:default/ada\", action == Action::\"keepTeamViews\", resource);\n\
            forbid (principal in Team::\"group:default/quays\", action == Action::\"startRun\", resource is Template) when { principal == User::\"user:default/grace\" };").await;
        let keep = portal.who_can("permission=keepTeamViews&on=group:default/berths").await;
        let of_team = keep.iter().find(|row| row["of"] == "group:default/berths").unwrap();
        assert_eq!((&of_team["role"], &of_team["holders"]), (&json!("developer"), &json!(["group:default/harbour"])));
        assert_eq!(of_team["except"], json!(["user:default/ada"]));
        let start = portal.who_can("permission=startRun&on=template:default/paper").await;
        let developer = row(&start, "developer");
        assert_eq!((&developer["holders"], &developer["except"]), (&json!(["group:default/harbour"]), &json!(["user:default/grace"])));
        // Whom a policy leaves it to by a team is told so, with those whom it leaves out.
        portal.holds("both", "permit (principal in Team::\"group:default/harbour\", action == Action::\"readAudit\", resource) when { principal in Team::\"group:default/quays\" && !(principal in Team::\"group:default/berths\") };").await;
        let read = portal.who_can("permission=readAudit&on=platform").await;
        let named = read.iter().find(|row| row["role"] == "").unwrap();
        assert_eq!((&named["of"], &named["except"]), (&json!("group:default/quays"), &json!(["group:default/berths"])), "{read:?}");
    }

    async fn of_people_who_are_hidden_nothing_is_said(portal) {
        let ada = "metadata: { name: ada }\nspec: { memberOf: [berths] }";
        let things = THINGS.replace(ada, "metadata: { name: ada, tags: [secret] }\nspec: { memberOf: [berths, quays] }");
        let path = portal.write("catalog-info.yaml", things);
        portal.register("file", &path).await;
        portal.is_there("user/default/ada").await;
        portal.gives("developer", "group:default/berths").await;
        portal.holds("hidden", "forbid (principal, action == Action::\"readCatalog\", resource is Entity) when { resource.tags.contains(\"secret\") } unless { principal in Role::\"administrator\" };\n\
            forbid (principal in Team::\"group:default/berths\", action == Action::\"startRun\", resource) when { principal in Team::\"group:default/quays\" };\n\
            permit (principal in Team::\"group:default/berths\", action == Action::\"readAudit\", resource) when { principal in Team::\"group:default/quays\" };").await;
        let reader = portal.command(&["token", "create", "reader", "--roles", "viewer", "--scopes", "read"]).await;
        for question in ["permission=startRun&on=template:default/paper", "permission=readAudit&on=platform"] {
            assert!(json!(portal.who_can(question).await).to_string().contains("user:default/ada"), "{question}");
            let asked = portal.request(Method::GET, &format!("/api/v1/permission/who-can?{question}")).bearer_auth(reader.trim());
            let told = asked.send().await.unwrap().text().await.unwrap();
            assert!(told.contains("administrator") && !told.contains("user:default/ada"), "{told}");
        }
    }

    async fn who_can_agree_to_a_run_is_asked_about_what_was_started(portal) {
        portal.has_things().await;
        portal.gives("platform-engineer", "user:default/ada").await;
        portal.holds("of-docs", "forbid (principal, action == Action::\"approveRun\", resource) when { resource.template.tags.contains(\"docs\") } unless { principal in Role::\"administrator\" };").await;
        let (status, run) = portal.post("/api/scaffolder/v2/tasks", &json!({ "templateRef": "template:default/paper", "values": {} })).await;
        assert_eq!(status, StatusCode::CREATED);
        portal.write("catalog-info.yaml", THINGS.replace(", tags: [docs]", ""));
        let _: () = portal.until("the template is another one", async |portal| {
            portal.post("/api/catalog/refresh", &json!({ "entityRef": "template:default/paper" })).await;
            let template = portal.json("/api/catalog/entities/by-name/template/default/paper").await;
            template["metadata"]["tags"].is_null().then_some(())
        }).await;
        let roles = async |on: &str| {
            let rows = portal.who_can(&format!("permission=approveRun&on={on}")).await;
            rows.iter().map(|row| row["role"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(roles(&format!("run:{}", run["id"].as_str().unwrap())).await, ["administrator"]);
        assert!(roles("template:default/paper").await.contains(&"platform-engineer".to_owned()));
    }

    async fn who_does_not_see_a_template_cannot_use_it(portal) {
        portal.has_things().await;
        for team in ["berths", "quays"] {
            portal.gives("developer", &format!("group:default/{team}")).await;
        }
        let hide = "@id(\"hide-docs\") @description(\"Not for others\")\nforbid (principal, action == Action::\"readCatalog\", resource is Entity) \
                    when { resource.tags.contains(\"docs\") } unless { principal in resource.teams };";
        portal.holds("hide-docs", hide).await;
        for permission in ["startRun", "readRuns"] {
            let rows = portal.who_can(&format!("permission={permission}&on=template:default/paper")).await;
            let developers: Vec<&Value> = rows.iter().filter(|row| row["role"] == "developer").map(|row| &row["of"]).collect();
            assert_eq!(developers, ["group:default/quays"], "{permission}: {rows:?}");
        }
        let could = portal.json("/api/v1/permission/what-could?who=user:default/ada").await;
        let starts = could.as_array().unwrap().iter().find(|row| row["permission"] == "startRun").unwrap();
        assert_eq!(starts["extent"], "on some things", "{could}");
    }

    async fn teams_that_nobody_believes_have_no_roles(portal) {
        portal.has_things().await;
        let path = portal.write("other.yaml", THINGS.replace("name: berths", "name: unberths").replace("name: ada", "name: unada"));
        let (status, _) = portal.post("/api/v1/catalog/sources", &json!({ "kind": "file", "target": path, "trust": "none" })).await;
        assert_eq!(status, StatusCode::CREATED);
        portal.is_there("group/default/unberths").await;
        for to in ["group:default/unberths", "user:default/unada", "group:default/berths"] {
            portal.gives("developer", to).await;
        }
        let given = portal.json("/api/v1/permission/roles").await;
        let doubt = |to: &str| given.as_array().unwrap().iter().find(|grant| grant["to"] == to).unwrap()["doubt"].clone();
        for to in ["group:default/unberths", "user:default/unada"] {
            assert!(doubt(to).as_str().is_some_and(|doubt| doubt.contains("not trusted with people")), "{to}: {given}");
        }
        assert_eq!(doubt("group:default/berths"), Value::Null);
        let start = portal.who_can("permission=startRun&on=template:default/paper").await;
        let holders = &row(&start, "developer")["holders"];
        assert!(holders.to_string().contains("group:default/berths") && !holders.to_string().contains("unberths"), "{holders}");
    }

    async fn a_preview_tries_people_who_hold_a_role_of_ones_own_and_what_a_team_started(portal) {
        portal.has_things().await;
        portal.gives("developer", "group:default/berths").await;
        portal.gives("contractor", "user:default/ada").await;
        let losses = async |text: &str| {
            let (status, tried) = portal.post("/api/v1/permission/policies/mine/preview", &json!({ "text": text })).await;
            assert_eq!((status, &tried["problems"]), (StatusCode::OK, &json!([])), "{tried}");
            tried["losses"].as_array().unwrap().iter().map(|moved| moved["who"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let contractors = losses("forbid (principal in Role::\"contractor\", action == Action::\"startRun\", resource);").await;
        assert!(contractors.contains(&"user:default/ada".to_owned()), "{contractors:?}");
        let team = losses("forbid (principal in Team::\"group:default/berths\", action == Action::\"steerRun\", resource is Run);").await;
        assert!(team.contains(&"role developer, in group:default/berths, having started it".to_owned()), "{team:?}");
    }

    async fn of_two_who_save_one_policy_at_once_one_is_told(portal) {
        for version in 0..5 {
            let text = |who: &str| json!({ "text": format!("// {who} {version}\npermit (principal in Role::\"viewer\", action == Action::\"readMetrics\", resource);"), "basedOn": version });
            let (one, other) = (text("one"), text("other"));
            let ((first, _), (second, _)) = tokio::join!(portal.puts("race", &one), portal.puts("race", &other));
            let mut both = [first, second];
            both.sort();
            assert_eq!(both, [StatusCode::OK, StatusCode::CONFLICT]);
        }
    }

    async fn a_template_that_has_left_is_as_closed_as_it_was(portal) {
        let (groups, template) = THINGS.split_once("apiVersion: scaffolder").unwrap();
        let path = portal.write("groups.yaml", groups.trim_end_matches("---\n"));
        portal.register("file", &path).await;
        let path = portal.write("template.yaml", format!("apiVersion: scaffolder{template}"));
        let (_, source) = portal.post("/api/v1/catalog/sources", &json!({ "kind": "file", "target": path })).await;
        portal.is_there("template/default/paper").await;
        let reader = portal.command(&["token", "create", "reader", "--roles", "viewer", "--scopes", "read"]).await;
        portal.holds("closed", "forbid (principal, action == Action::\"readRuns\", resource is Run) when { resource.template.tags.contains(\"docs\") } unless { principal in resource.teams };").await;
        let (status, run) = portal.post("/api/scaffolder/v2/tasks", &json!({ "templateRef": "template:default/paper", "values": {} })).await;
        assert_eq!(status, StatusCode::CREATED);
        let paths = [format!("/api/scaffolder/v2/tasks/{}", run["id"].as_str().unwrap()), "/runs/1".to_owned()];
        let is_closed = async || {
            for path in &paths {
                let asked = portal.request(Method::GET, path).bearer_auth(reader.trim()).send().await.unwrap();
                assert_eq!(asked.status(), StatusCode::NOT_FOUND, "{path}");
            }
            let list = portal.request(Method::GET, "/api/scaffolder/v2/tasks").bearer_auth(reader.trim()).send().await.unwrap();
            assert_eq!(list.json::<Value>().await.unwrap()["totalTasks"], 0);
        };
        is_closed().await;
        let gone = format!("/api/catalog/locations/{}?entities=remove", source["id"].as_str().unwrap());
        let removed = portal.request(Method::DELETE, &gone).send().await.unwrap();
        assert_eq!(removed.status(), StatusCode::NO_CONTENT);
        assert_eq!(portal.get("/api/catalog/entities/by-name/template/default/paper").await.status(), StatusCode::NOT_FOUND);
        is_closed().await;
    }
}
