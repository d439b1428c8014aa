//! What forms and plans promise: they can be filled in without a script, say what is wrong beside the field, and show what
//! will happen before anything does.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::portal::Portal;

/// A template of one page, whose skeleton is `file`.
async fn template(portal: &Portal, name: &str, steps: &str, file: &str) {
    let document = format!(
        r"apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: {name}
  title: Small service
  tags: [small]
spec:
  type: service
  owner: group:quay
  parameters:
    - title: What
      required: [name, owner]
      properties:
        name: {{title: Name, type: string, pattern: '^[a-z-]+$', ui:help: Lower-case letters and dashes.}}
        owner: {{title: Owner, type: string, ui:field: OwnerPicker}}
        public: {{title: Public, type: boolean, default: false}}
        hosts: {{title: Hosts, type: array, items: {{type: string}}}}
      allOf:
        - if: {{properties: {{public: {{const: true}}}}, required: [public]}}
          then: {{properties: {{address: {{title: Address, type: string}}}}, required: [address]}}
    - title: Where
      properties:
        port: {{title: Port, type: integer, minimum: 1024, default: 8080}}
  steps:
{steps}"
    );
    let info = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${{ values.name }}\nspec:\n  type: service\n  lifecycle: production\n  owner: ${{ values.owner }}\n";
    portal.write(&format!("{name}/skeleton/catalog-info.yaml"), info);
    portal.write(&format!("{name}/skeleton/${{{{ values.name }}}}.txt"), file);
    portal.write(
        &format!("{name}/group.yaml"),
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: quay}\nspec: {type: team, children: []}\n",
    );
    portal.write(&format!("{name}/template.yaml"), document);
    let folder = portal.data.path().join("files").join(name).display().to_string();
    portal.register("file", &format!("{folder}/template.yaml")).await;
    portal.register("file", &format!("{folder}/group.yaml")).await;
    let path = format!("/api/catalog/entities/by-name/template/default/{name}");
    portal
        .until("the template is in the catalog", async |portal| {
            portal.get(&path).await.status().is_success().then_some(())
        })
        .await;
    let path = "/api/catalog/entities/by-name/group/default/quay";
    portal
        .until("the owner is in the catalog", async |portal| portal.get(path).await.status().is_success().then_some(()))
        .await;
}

const STEPS: &str = "    - {id: fetch, name: Render, action: 'fetch:template', input: {url: ./skeleton, values: {name: '${{ parameters.name }}', owner: '${{ parameters.owner }}', port: '${{ parameters.port }}'}}}
    - {id: publish, name: Publish, action: 'publish:git', input: {repoUrl: 'causeway?owner=quay&repo=${{ parameters.name }}'}}
    - {id: register, name: Register, action: 'catalog:register', input: {repoContentsUrl: '${{ steps.publish.output.repoContentsUrl }}'}}
";

fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The page of a form with a query of these pairs.
async fn form(portal: &Portal, name: &str, pairs: &[(&str, &str)]) -> (StatusCode, String) {
    let path = format!("/create/default/{name}?{}", encoded(pairs));
    let response = portal.request(Method::GET, &path).header("accept", "text/html").send().await.unwrap();
    let status = response.status();
    // What stands in scripts is for the browser; people read the rest.
    let text = response.text().await.unwrap();
    let parts = text.split("<script").map(|part| part.split_once("</script>").map_or(part, |(_, rest)| rest));
    (status, parts.collect::<String>().replace("<!>", ""))
}

/// The value of the hidden field that carries the answers.
fn carried(page: &str) -> Value {
    let after = page.split(r#"name="answers" value=""#).nth(1).expect("the form carries the answers");
    serde_json::from_str(&after.split('"').next().unwrap().replace("&quot;", "\"").replace("&amp;", "&")).unwrap()
}

fn told(page: &str, field: &str) -> bool {
    page.contains(&format!(r#"id="field-/{field}-problem" role="alert""#))
}

both! {
    async fn a_form_is_filled_in_without_a_script(portal) {
        template(&portal, "small", STEPS, "port ${{ values.port }}\n").await;
        let list = portal.get("/create").await.text().await.unwrap();
        assert!(list.contains("Small service") && list.contains("/create/default/small"), "{list}");

        let (status, page) = form(&portal, "small", &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(r#"for="field-/name""#) && page.contains(r#"<option value="group:default/quay">"#), "{page}");
        assert!(!page.contains("field-/address"));

        // Wrong answers stay, and each problem stands beside its field.
        let sent = [("answers", "{}"), ("at", "0"), ("go", "next"), ("/name", "Not Good"), ("/public", "true")];
        let (_, page) = form(&portal, "small", &sent).await;
        assert!(page.contains(r#"value="Not Good""#) && told(&page, "name") && told(&page, "owner") && told(&page, "address"), "{page}");
        assert!(page.contains(r#"aria-describedby="field-/name-problem field-/name-help""#));

        let sent = [("answers", "{}"), ("at", "0"), ("go", "next"), ("/name", "signs"), ("/owner", "group:default/quay")];
        let (_, page) = form(&portal, "small", &sent).await;
        assert_eq!(carried(&page), json!({"name": "signs", "owner": "group:default/quay", "public": false, "port": 8080}));

        // Back keeps what was typed, right or wrong.
        let answers = carried(&page).to_string();
        let sent = [("answers", answers.as_str()), ("at", "1"), ("go", "back"), ("/port", "80")];
        let (_, page) = form(&portal, "small", &sent).await;
        assert!(page.contains(r#"value="signs""#), "{page}");
        assert_eq!(carried(&page)["port"], 80);
    }

    async fn items_of_a_list_come_and_go_without_a_script(portal) {
        template(&portal, "small", STEPS, "x").await;
        let sent = [("answers", "{}"), ("at", "0"), ("/name", "signs"), ("go", "add:/hosts")];
        let (_, page) = form(&portal, "small", &sent).await;
        assert!(page.contains(r#"name="/hosts/0""#), "{page}");
        let sent = [("answers", "{}"), ("at", "0"), ("/hosts/0", "a"), ("/hosts/1", "b"), ("go", "remove:/hosts/0")];
        let (_, page) = form(&portal, "small", &sent).await;
        assert_eq!(carried(&page)["hosts"], json!(["b"]));
    }

    async fn a_plan_shows_what_will_happen_and_nothing_has(portal) {
        template(&portal, "small", STEPS, "port ${{ values.port }}\n").await;
        let answers = json!({"name": "signs", "owner": "group:default/quay"}).to_string();
        let (status, page) = form(&portal, "small", &[("answers", &answers), ("page", "2"), ("file", "1")]).await;
        assert_eq!(status, StatusCode::OK);
        for shown in ["This is what will happen", "quay/signs", "signs.txt", "port 8080", "component:signs", "Repository quay/signs is free",
            "component:default/signs is free in the catalog", "causeway run small --set name=signs --set owner=group:default/quay"] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        assert_eq!(portal.get("/git/quay/signs.git/info/refs?service=git-upload-pack").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(portal.get("/api/catalog/entities/by-name/component/default/signs").await.status(), StatusCode::NOT_FOUND);
    }

    async fn the_button_of_a_plan_starts_a_run(portal) {
        template(&portal, "small", STEPS, "x").await;
        let answers = json!({"name": "signs", "owner": "group:default/quay"}).to_string();
        let (_, page) = form(&portal, "small", &[("answers", &answers), ("page", "2")]).await;
        let action = page.split(r#"action="/api/"#).nth(1).unwrap().split('"').next().unwrap();
        let started = portal
            .request(Method::POST, &format!("/api/{action}"))
            .header("accept", "text/html")
            .header("origin", &portal.base)
            .header("referer", format!("{}/create/default/small", portal.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded(&[("template", "template:default/small"), ("answers", &answers)]))
            .send()
            .await
            .unwrap();
        assert_eq!((started.status(), started.headers()["location"].to_str().unwrap()), (StatusCode::FOUND, "/runs/1"));
        let runs = portal.json("/api/scaffolder/v2/tasks").await;
        assert_eq!(runs["tasks"][0]["spec"]["templateInfo"]["entityRef"], "template:default/small", "{runs}");
    }

    async fn answers_outside_the_schema_are_refused(portal) {
        template(&portal, "small", STEPS, "x").await;
        let asked = json!({"templateRef": "template:default/small", "values": {"name": "Not Good", "extra": 1, "port": "many"}});
        let (status, answer) = portal.post("/api/scaffolder/v2/tasks", &asked).await;
        let text = answer.to_string();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
        for told in ["asks no question named", "must match the pattern", "needs an answer", "must be a whole number"] {
            assert!(text.contains(told), "{told}: {text}");
        }
    }

    async fn a_template_that_loops_is_stopped(portal) {
        let endless = "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}";
        template(&portal, "endless", STEPS, endless).await;
        let answers = json!({"name": "signs", "owner": "group:default/quay"}).to_string();
        let (status, page) = form(&portal, "endless", &[("answers", &answers), ("page", "2")]).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("it was stopped") && page.contains("would fail"), "{page}");
    }

    async fn an_unknown_filter_is_named_with_its_line(portal) {
        template(&portal, "misspelt", STEPS, "one\n${{ values.name | uper }}\n").await;
        let answers = json!({"name": "signs", "owner": "group:default/quay"}).to_string();
        let (_, page) = form(&portal, "misspelt", &[("answers", &answers), ("page", "2")]).await;
        assert!(page.contains("line 2: there is no filter `uper`; did you mean `upper`?"), "{page}");
    }

    async fn a_path_that_climbs_out_is_refused(portal) {
        let steps = "    - {id: fetch, name: Render, action: 'fetch:template', input: {url: ./skeleton, values: {name: ../../../escaped, owner: x}}}\n    - {id: up, name: Climb, action: 'fetch:plain', input: {url: ../../..}}\n";
        template(&portal, "climber", steps, "x").await;
        let answers = json!({"name": "signs", "owner": "group:default/quay"}).to_string();
        let (_, page) = form(&portal, "climber", &[("answers", &answers), ("page", "2")]).await;
        assert!(page.contains("climbs out of the workspace"), "{page}");
        assert!(page.contains("Step “Climb” would fail"), "{page}");
    }

    async fn an_answer_to_a_question_that_is_gone_is_forgotten(portal) {
        template(&portal, "small", STEPS, "x").await;
        let (status, page) = form(&portal, "small", &[("answers", r#"{"name": "signs", "gone": 1}"#)]).await;
        assert_eq!((status, carried(&page)), (StatusCode::OK, json!({"name": "signs", "public": false})));
    }

    async fn addresses_and_templates_that_are_none_say_so(portal) {
        template(&portal, "small", STEPS, "x").await;
        assert_eq!(form(&portal, "small", &[("answers", "{")]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(form(&portal, "small", &[("answers", "[]")]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(form(&portal, "no-such", &[]).await.0, StatusCode::NOT_FOUND);
        let many = "x".repeat(61_000);
        assert!(form(&portal, "small", &[("answers", "{}"), ("at", "0"), ("/name", &many)]).await.0.is_client_error());
    }
}
