//! Who has which role, where that is many.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

both! {
    async fn many_roles_are_shown_a_part_at_a_time_and_found_by_name(portal) {
        for number in 100..205 {
            let role = json!({ "role": "viewer", "to": format!("user:default/ada-{number}") });
            assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
        }
        let page = async |path: &str| portal.get(path).await.text().await.unwrap();
        let all = page("/roles").await;
        assert!(all.contains("1 to 100 of 10") && all.contains("/roles?find=&amp;page=1"), "{all}");
        assert!(!all.contains("ada-204"), "{all}");
        let rest = page("/roles?page=1").await;
        assert!(rest.contains("ada-204") && !rest.contains("ada-150") && rest.contains("Before"), "{rest}");
        let found = page("/roles?find=ADA-15").await;
        assert!(found.contains("ada-150") && found.contains("ada-159") && !found.contains("ada-160"), "{found}");
        assert!(page("/roles?find=nobody").await.contains("Nobody has such a role"));
        // Whoever takes one away there goes on there.
        let taken = portal
            .request(Method::POST, "/roles")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("role=viewer&to=user%3Adefault%2Fada-150&find=ada-15&page=0&deed=take")
            .send().await.unwrap();
        assert_eq!(taken.headers()[header::LOCATION], "/roles?find=ada-15&page=0");
        let items = portal.json("/api/v1/permission/roles?to=user:ada-151").await;
        assert_eq!(items.as_array().unwrap().iter().map(|one| &one["role"]).collect::<Vec<_>>(), ["viewer"]);
        let all = portal.json("/api/v1/permission/roles").await.as_array().unwrap().len();
        let part: Value = portal.json(&format!("/api/v1/permission/roles?role=viewer&limit=2&offset={}", all - 1)).await;
        assert!(part.as_array().unwrap().len() <= 1, "{part}");
        for wrong in ["to=ada", "limit=x"] {
            let refused = portal.get(&format!("/api/v1/permission/roles?{wrong}")).await;
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    }

    async fn who_can_names_nobody_of_whom_nobody_has_heard(portal) {
        let path = portal.write("people.yaml", "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ada}\nspec: {memberOf: []}\n");
        portal.register("file", &path).await;
        let asked = "/api/v1/permission/who-can?permission=readAudit&on=platform";
        for name in ["ada", "bob"] {
            let role = json!({ "role": "platform-engineer", "to": format!("user:default/{name}") });
            assert_eq!(portal.post("/api/v1/permission/roles", &role).await.0, StatusCode::NO_CONTENT);
        }
        let who = portal.until("she is in the catalog", async |portal| {
            let who = portal.json(asked).await.to_string();
            who.contains("user:default/ada").then_some(who)
        }).await;
        assert!(!who.contains("user:default/bob"), "{who}");
    }
}
