//! What is given to somebody and what they make is theirs, by whichever account and under whichever name they come in, and nobody
//! else's.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    by, me,
    same::{Staff, is_over, makes_token},
};
use crate::{
    portal::{Backend, Options},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
};

/// A User with an address.
pub(super) fn user(name: &str, address: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec: {{profile: {{email: {address}}}, memberOf: []}}\n"
    )
}

/// The address that the provider says of an account at first.
pub(super) fn at(account: &str) -> String {
    format!("{account}@saltmarsh.example")
}

pub(super) const BY_ADDRESS: &[(&str, &str)] = &[("corp", "")];

impl Staff<'_> {
    /// Waits until the catalog says that somebody has an address; without one, until nobody is called so.
    pub(super) async fn has(&self, name: &str, address: Option<&str>) {
        let path = format!("/api/catalog/entities/by-name/user/default/{name}");
        let _: () = self
            .portal
            .until("the catalog says so", async |_| {
                let (status, found) = self.admin(Method::GET, &path, Value::Null).await;
                match address {
                    Some(address) => (found["spec"]["profile"]["email"] == address).then_some(()),
                    None => (status == StatusCode::NOT_FOUND).then_some(()),
                }
            })
            .await;
    }

    /// Puts something else in the place of the whole file, and waits until the last of it is there.
    pub(super) async fn says(&self, people: &[(&str, &str)]) {
        self.write(&people.iter().map(|(name, address)| user(name, address)).collect::<String>()).await;
        for (name, address) in people {
            self.has(name, Some(address)).await;
        }
    }
}

both_with_a_provider! {
    async fn with_another_name_and_another_address_they_keep_what_was_given_to_them(backend, provider) {
        let staff = Staff::with(backend, &provider, BY_ADDRESS, &user("vik", &at("stranger"))).await;
        staff.has("vik", Some(&at("stranger"))).await;
        let mut before = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut before).await;
        staff.gives("platform-engineer", "user:default/vik").await;
        staff.says(&[("lund", "lund@saltmarsh.example")]).await;
        let mut after = staff.comes_by("corp", json!({ "account": "stranger", "email": "lund@saltmarsh.example" })).await;
        assert_eq!(me(&mut after, &staff.portal).await["subject"], "user:default/lund");
        assert!(staff.roles(&mut after).await.to_string().contains("platform-engineer"));
        assert_eq!(by(&staff.portal, &token).await.1["subject"], "user:default/lund");
        // And nobody has it who is called as they were.
        staff.says(&[("lund", "lund@saltmarsh.example"), ("vik", &at("vera"))]).await;
        let mut other = staff.comes("vera").await;
        assert_eq!(me(&mut other, &staff.portal).await["subject"], "user:default/vik");
        assert_eq!(staff.roles(&mut other).await, json!(["viewer"]));
    }

    async fn a_slip_in_an_address_takes_nothing_for_good_and_gives_nothing_away(backend, provider) {
        let staff = Staff::with(backend, &provider, BY_ADDRESS, &user("boss", &at("stranger"))).await;
        staff.has("boss", Some(&at("stranger"))).await;
        let mut boss = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut boss).await;
        staff.gives("administrator", "user:default/boss").await;
        staff.says(&[("boss", &at("vera"))]).await;
        let mut wrong = staff.comes("vera").await;
        assert_eq!(me(&mut wrong, &staff.portal).await["subject"], "user:default/boss");
        assert_eq!(staff.roles(&mut wrong).await, json!(["viewer"]));
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::UNAUTHORIZED);
        staff.says(&[("boss", &at("stranger")), ("temp", &at("vera"))]).await;
        let (status, again) = by(&staff.portal, &token).await;
        assert_eq!(status, StatusCode::OK, "{again}");
        assert!(again["allRoles"].to_string().contains("administrator"), "{again}");
        is_over(&staff.portal, &wrong).await;
        let mut boss = staff.comes("stranger").await;
        assert!(staff.roles(&mut boss).await.to_string().contains("administrator"));
        let mut temp = staff.comes("vera").await;
        assert_eq!(me(&mut temp, &staff.portal).await["subject"], "user:default/temp");
        assert_eq!(staff.roles(&mut temp).await, json!(["viewer"]));
    }

    async fn accounts_of_several_providers_that_were_found_as_one_user_are_one_person(backend, provider) {
        let ways = [("corp", ""), ("second", "")];
        let staff = Staff::with(backend, &provider, &ways, &user("hanne", &at("stranger"))).await;
        staff.has("hanne", Some(&at("stranger"))).await;
        staff.comes_by("second", json!({ "account": "stranger" })).await;
        let mut corp = staff.comes_by("corp", json!({ "account": "stranger" })).await;
        let token = makes_token(&staff.portal, &mut corp).await;
        staff.gives("administrator", "user:default/hanne").await;
        // Everybody's address is another one, in the catalog and at the providers.
        staff.says(&[("hanne", "hanne@fjord.example")]).await;
        let mut second = staff.comes_by("second", json!({ "account": "stranger", "email": "hanne@fjord.example" })).await;
        assert!(staff.roles(&mut second).await.to_string().contains("administrator"));
        assert_eq!(by(&staff.portal, &token).await.1["subject"], "user:default/hanne");
        let mut corp = staff.comes_by("corp", json!({ "account": "stranger" })).await;
        assert!(staff.roles(&mut corp).await.to_string().contains("administrator"));
    }

    async fn whoever_gets_name_and_address_later_wakes_nothing_by_another_provider_either(backend, provider) {
        let ways = [("corp", ""), ("second", "")];
        let mut staff = Staff::strict(backend, &provider, &ways, &user("shared", &at("stranger"))).await;
        staff.has("shared", Some(&at("stranger"))).await;
        let mut leaver = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut leaver).await;
        staff.gives("administrator", "user:default/shared").await;
        staff.is_removed().await;
        staff.register().await;
        staff.has("shared", Some(&at("stranger"))).await;
        let mut other = staff.comes_by("second", json!({ "account": "vera", "email": at("stranger") })).await;
        assert_eq!(me(&mut other, &staff.portal).await["subject"], "user:default/shared");
        assert_eq!(staff.roles(&mut other).await, json!(["viewer"]));
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::UNAUTHORIZED);
        is_over(&staff.portal, &leaver).await;
    }

    async fn a_name_that_means_nobody_is_that_of_whoever_bore_it_last(backend, provider) {
        let staff = Staff::with(backend, &provider, BY_ADDRESS, &user("rook", &at("stranger"))).await;
        staff.has("rook", Some(&at("stranger"))).await;
        let mut former = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut former).await;
        staff.says(&[("rook", &at("vera"))]).await;
        let mut latter = staff.comes("vera").await;
        staff.gives("administrator", "user:default/rook").await;
        assert!(staff.roles(&mut latter).await.to_string().contains("administrator"));
        staff.says(&[("nobody", "nobody@saltmarsh.example")]).await;
        staff.has("rook", None).await;
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::UNAUTHORIZED);
        is_over(&staff.portal, &former).await;
    }

    async fn a_login_that_is_given_on_brings_nothing_along(backend, provider) {
        let ways = [("corp", "match = [{ name = \"preferred_username\" }]")];
        let staff = Staff::with(backend, &provider, &ways, &user("stranger", "john@saltmarsh.example")).await;
        staff.has("stranger", Some("john@saltmarsh.example")).await;
        let mut john = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut john).await;
        staff.gives("administrator", "user:default/stranger").await;
        assert!(staff.roles(&mut john).await.to_string().contains("administrator"));
        staff.says(&[("stranger", "jane@saltmarsh.example")]).await;
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::UNAUTHORIZED);
        let mut jane = staff.comes_by("corp", json!({ "account": "vera", "login": "stranger" })).await;
        assert_eq!(me(&mut jane, &staff.portal).await["subject"], "user:default/stranger");
        assert_eq!(staff.roles(&mut jane).await, json!(["viewer"]));
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::UNAUTHORIZED);
        is_over(&staff.portal, &john).await;
    }

    async fn a_role_of_whoever_came_just_in_time_is_not_that_of_the_next_one_of_the_name(backend, provider) {
        let ways = [("corp", "create_people = true")];
        let staff = Staff::with(backend, &provider, &ways, &user("desk", &at("vera"))).await;
        staff.has("desk", Some(&at("vera"))).await;
        staff.comes("vera").await;
        let mut jolly = staff.comes("stranger").await;
        let made_up = me(&mut jolly, &staff.portal).await["subject"].as_str().unwrap().to_owned();
        assert_eq!(made_up, "user:corp/stranger");
        staff.gives("administrator", &made_up).await;
        assert!(staff.roles(&mut jolly).await.to_string().contains("administrator"));
        staff.says(&[("desk", &at("stranger"))]).await;
        let mut jolly = staff.comes("stranger").await;
        assert_eq!(me(&mut jolly, &staff.portal).await["subject"], "user:default/desk");
        assert!(staff.roles(&mut jolly).await.to_string().contains("administrator"));
        let mut next = staff.comes_by("corp", json!({ "account": "petra", "login": "stranger" })).await;
        assert_eq!(me(&mut next, &staff.portal).await["subject"], made_up);
        assert_eq!(staff.roles(&mut next).await, json!(["viewer"]));
    }

    async fn a_role_that_was_given_ahead_is_not_that_of_whoever_has_the_entry_by_then(backend, provider) {
        let people = [("hire", "hire@saltmarsh.example"), ("other", "stranger@saltmarsh.example")];
        let text = people.map(|(name, address)| user(name, address)).concat();
        let staff = Staff::with(backend, &provider, BY_ADDRESS, &text).await;
        staff.has("other", Some(&at("stranger"))).await;
        for (name, _) in people {
            staff.gives("administrator", &format!("user:default/{name}")).await;
        }
        staff.says(&[("hire", &at("vera")), ("other", &at("stranger"))]).await;
        let mut hire = staff.comes("vera").await;
        assert_eq!(me(&mut hire, &staff.portal).await["subject"], "user:default/hire");
        assert_eq!(staff.roles(&mut hire).await, json!(["viewer"]));
        let mut other = staff.comes("stranger").await;
        assert!(staff.roles(&mut other).await.to_string().contains("administrator"));
    }

    async fn a_name_that_was_made_up_is_not_that_of_a_user_who_is_somebody_else(backend, provider) {
        let ways = [("corp", "create_people = true")];
        let namesake = |address: &str| {
            format!("---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: stranger, namespace: corp}}\nspec: {{profile: {{email: {address}}}, memberOf: []}}\n")
        };
        let staff = Staff::with(backend, &provider, &ways, &user("desk", &at("desk"))).await;
        let mut browser = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut browser).await;
        assert_eq!(by(&staff.portal, &token).await.1["subject"], "user:corp/stranger");
        staff.write(&(user("desk", &at("desk")) + &namesake(&at("vera")))).await;
        is_over(&staff.portal, &browser).await;
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::UNAUTHORIZED);
        let mut vera = staff.comes("vera").await;
        assert_eq!(me(&mut vera, &staff.portal).await["subject"], "user:corp/stranger");
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::UNAUTHORIZED);
    }

    async fn a_run_goes_on_for_whoever_started_it_under_whichever_name(backend, provider) {
        let paper = "---\napiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: { name: paper, annotations: { causeway.dev/approval: required } }\nspec: { type: docs, steps: [{ id: log, action: 'debug:log', input: { message: x } }] }\n";
        let staff = Staff::with(backend, &provider, BY_ADDRESS, &(user("vik", &at("stranger")) + &user("berg", &at("vera")) + paper)).await;
        staff.has("berg", Some(&at("vera"))).await;
        let mut runs = Vec::new();
        for (name, account) in [("vik", "stranger"), ("berg", "vera")] {
            staff.gives("developer", &format!("user:default/{name}")).await;
            let mut browser = staff.comes(account).await;
            let form = [("name", "laptop"), ("days", "9"), ("read", "true"), ("run", "true")];
            let made = browser.follow(Method::POST, &format!("{}/account/tokens", staff.portal.base), Some(&form)).await;
            let token = &made.text[made.text.find("cw_pat_").unwrap()..][..47];
            let new = json!({ "templateRef": "template:default/paper", "values": {} });
            let started = staff.portal.request(Method::POST, "/api/scaffolder/v2/tasks").bearer_auth(token).json(&new);
            runs.push(started.send().await.unwrap().json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned());
        }
        // One has another name and another address and comes in as such; the other one has another name, and is away.
        staff.write(&(user("lund", "lund@saltmarsh.example") + &user("fjell", &at("vera")) + paper)).await;
        staff.has("lund", Some("lund@saltmarsh.example")).await;
        staff.has("fjell", Some(&at("vera"))).await;
        let mut lund = staff.comes_by("corp", json!({ "account": "stranger", "email": "lund@saltmarsh.example" })).await;
        assert_eq!(me(&mut lund, &staff.portal).await["subject"], "user:default/lund");
        for run in runs {
            let approval = format!("/api/v1/runs/{run}/approval");
            let (status, told) = staff.admin(Method::POST, &approval, json!({ "approve": true, "note": "" })).await;
            assert_eq!(status, StatusCode::OK, "{told}");
            let path = format!("/api/scaffolder/v2/tasks/{run}");
            let ended: Value = staff.portal.until("the run has ended", async |_| {
                let (_, task) = staff.admin(Method::GET, &path, Value::Null).await;
                ["failed", "completed"].contains(&task["status"].as_str().unwrap_or_default()).then_some(task)
            }).await;
            assert_eq!(ended["status"], "completed", "{ended}");
        }
    }

    async fn a_provider_that_is_elsewhere_is_another_one(backend, provider) {
        let other = Provider::start().await;
        let mut staff = Staff::with(backend, &provider, &[("corp", "create_people = true")], &user("desk", &at("desk"))).await;
        let mut before = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut before).await;
        staff.gives("administrator", "user:corp/stranger").await;
        let settings = other.settings("corp", &format!("{USUAL}, create_people = true"));
        let options = Options::default().set("SIGN_IN__PROVIDERS", &format!("[{settings}]"));
        staff.portal.kill().await;
        staff.portal.restart_with(options.set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'")).set("OUTBOUND__ALLOW", "[\"127.0.0.1\"]").variable("PROVIDER_SECRET", "a-secret-that-is-only-used-by-tests")).await;
        other.know(&staff.portal, &["corp"]).await;
        is_over(&staff.portal, &before).await;
        other.wish(json!({ "account": "stranger" })).await;
        let mut after = Browser::new();
        after.sign_in(&staff.portal, "corp").await;
        let subject = me(&mut after, &staff.portal).await["subject"].clone();
        assert!(subject != "user:corp/stranger" && subject.as_str().unwrap().starts_with("user:corp/"), "{subject}");
        assert_eq!(staff.roles(&mut after).await, json!(["viewer"]));
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::UNAUTHORIZED);
    }

    async fn whoever_the_provider_says_is_somebody_else_is_not_who_they_were(backend, provider) {
        let recheck = Options::default().set("SIGN_IN__RECHECK_MINUTES", "0");
        let portal = portal_with(backend, &[provider.settings("corp", USUAL)], recheck).await;
        provider.know(&portal, &["corp"]).await;
        provider.wish(json!({ "account": "stranger", "email": at("ada") })).await;
        let mut wrong = Browser::new();
        wrong.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut wrong, &portal).await["subject"], "user:default/ada-b");
        let token = makes_token(&portal, &mut wrong).await;
        provider.wish(json!({ "email": at("stranger") })).await;
        is_over(&portal, &wrong).await;
        assert_eq!(by(&portal, &token).await.0, StatusCode::UNAUTHORIZED);
    }

    async fn whoever_was_taken_for_somebody_leaves_them_nothing_and_takes_nothing_along(backend, provider) {
        let ways = [("corp", ""), ("second", "")];
        let staff = Staff::with(backend, &provider, &ways, &user("boss", &at("stranger"))).await;
        staff.has("boss", Some(&at("stranger"))).await;
        staff.comes("stranger").await;
        staff.gives("administrator", "user:default/boss").await;
        let mut wrong = staff.comes_by("second", json!({ "account": "vera", "email": at("stranger") })).await;
        assert_eq!(me(&mut wrong, &staff.portal).await["subject"], "user:default/boss");
        // Before that is put right, whom they were taken for has another address.
        staff.says(&[("boss", "boss@saltmarsh.example"), ("temp", &at("vera"))]).await;
        let mut temp = staff.comes_by("second", json!({ "account": "vera", "email": at("vera") })).await;
        assert_eq!(me(&mut temp, &staff.portal).await["subject"], "user:default/temp");
        assert_eq!(staff.roles(&mut temp).await, json!(["viewer"]));
        let mut boss = staff.comes_by("corp", json!({ "account": "stranger", "email": "boss@saltmarsh.example" })).await;
        assert!(staff.roles(&mut boss).await.to_string().contains("administrator"));
        assert_eq!(staff.roles(&mut temp).await, json!(["viewer"]));
    }

    async fn a_role_stays_with_whoever_stays(backend, provider) {
        let ways = [("corp", ""), ("second", "")];
        let staff = Staff::with(backend, &provider, &ways, &(user("boss", &at("stranger")) + &user("other", &at("vera")))).await;
        staff.has("other", Some(&at("vera"))).await;
        let mut corp = staff.comes("stranger").await;
        let mut second = staff.comes_by("second", json!({ "account": "stranger" })).await;
        staff.gives("administrator", "user:default/boss").await;
        for browser in [&mut corp, &mut second] {
            assert!(staff.roles(browser).await.to_string().contains("administrator"));
        }
        // For a day the other provider takes them for somebody else.
        let mut wrong = staff.comes_by("second", json!({ "account": "stranger", "email": at("vera") })).await;
        assert_eq!(me(&mut wrong, &staff.portal).await["subject"], "user:default/other");
        assert_eq!(staff.roles(&mut wrong).await, json!(["viewer"]));
        assert!(staff.roles(&mut corp).await.to_string().contains("administrator"));
        let mut corp = staff.comes_by("corp", json!({ "account": "stranger", "email": at("stranger") })).await;
        assert!(staff.roles(&mut corp).await.to_string().contains("administrator"));
    }

    async fn whoever_left_the_catalog_has_no_role_that_they_had_as_a_user(backend, provider) {
        let mut staff = Staff::with(backend, &provider, BY_ADDRESS, &(user("boss", &at("stranger")) + &user("other", &at("vera")))).await;
        staff.has("other", Some(&at("vera"))).await;
        let mut boss = staff.comes("stranger").await;
        staff.gives("administrator", "user:default/boss").await;
        assert!(staff.roles(&mut boss).await.to_string().contains("administrator"));
        staff.is_removed().await;
        staff.portal.write("staff.yaml", user("other", &at("vera")));
        staff.register().await;
        staff.has("boss", None).await;
        let _: () = staff.portal.until("the role is gone", async |portal| {
            let secret = boss.cookie(&portal.base, "causeway_session").unwrap();
            let mut browser = Browser::new();
            browser.plant(&portal.base, "causeway_session", &secret);
            let roles = me(&mut browser, portal).await["allRoles"].to_string();
            (!roles.contains("administrator")).then_some(())
        }).await;
        staff.says(&[("other", &at("vera")), ("boss", &at("stranger"))]).await;
        let mut boss = staff.comes("stranger").await;
        assert!(staff.roles(&mut boss).await.to_string().contains("administrator"));
    }
}
