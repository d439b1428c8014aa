//! Whoever comes after somebody, in their place, under their name or with their address, is somebody else.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    by, me,
    same::{Staff, is_over, makes_token, user},
};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
    sign_in::is_refused,
};

const PAPER: &str = "---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: paper, annotations: { causeway.dev/approval: required } }
spec: { type: docs, steps: [{ id: log, action: 'debug:log', input: { message: x } }] }
";

async fn asks(portal: &Portal, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = portal.request(method, path).bearer_auth(TOKEN).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or_default())
}

async fn gives(portal: &Portal, role: &str, to: &str) {
    let (status, told) =
        asks(portal, Method::POST, "/api/v1/permission/roles", json!({ "role": role, "to": to })).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{told}");
}

async fn roles(portal: &Portal, browser: &mut Browser) -> Value {
    me(browser, portal).await["allRoles"].clone()
}

both_with_a_provider! {
    async fn whoever_stands_in_the_place_of_one_who_left_has_nothing_of_theirs(backend, provider) {
        let staff = Staff::new(backend, &provider, &user("leaver", "stranger")).await;
        staff.is("leaver", "stranger").await;
        gives(&staff.portal, "administrator", "user:default/leaver").await;
        let mut leaver = staff.comes("stranger").await;
        assert!(roles(&staff.portal, &mut leaver).await.to_string().contains("administrator"));
        staff.write(&user("joiner", "mallory")).await;
        staff.is("joiner", "mallory").await;
        let mut joiner = staff.comes("mallory").await;
        assert_eq!(me(&mut joiner, &staff.portal).await["subject"], "user:default/joiner");
        assert_eq!(roles(&staff.portal, &mut joiner).await, json!(["viewer"]));
        let (_, given) = asks(&staff.portal, Method::GET, "/api/v1/permission/roles", Value::Null).await;
        assert!(given.to_string().contains("user:default/leaver") && !given.to_string().contains("joiner"), "{given}");
    }

    async fn a_run_that_waits_is_not_that_of_whoever_has_the_name_by_then(backend, provider) {
        let staff = Staff::new(backend, &provider, &(user("sam", "stranger") + PAPER)).await;
        staff.is("sam", "stranger").await;
        gives(&staff.portal, "developer", "user:default/sam").await;
        let mut sam = staff.comes("stranger").await;
        let form = [("name", "laptop"), ("days", "9"), ("read", "true"), ("run", "true")];
        let made = sam.follow(Method::POST, &format!("{}/account/tokens", staff.portal.base), Some(&form)).await;
        let at = made.text.find("cw_pat_").unwrap_or_else(|| panic!("the token is shown: {}", made.text));
        let new = json!({ "templateRef": "template:default/paper", "values": {} });
        let started = staff.portal.request(Method::POST, "/api/scaffolder/v2/tasks").bearer_auth(&made.text[at..at + 47]);
        let started = started.json(&new).send().await.unwrap();
        assert_eq!(started.status(), StatusCode::CREATED);
        let run = started.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        staff.write(&(user("sam", "mallory") + PAPER)).await;
        staff.is("sam", "mallory").await;
        let mut other = staff.comes("mallory").await;
        gives(&staff.portal, "developer", "user:default/sam").await;
        assert_eq!(roles(&staff.portal, &mut other).await, json!(["developer", "viewer"]));
        let steer = format!("{}/api/v1/permission/why?permission=steerRun&on=run:{run}", staff.portal.base);
        let why: Value = serde_json::from_str(&other.open(&steer).await.text).unwrap();
        assert_eq!(why["allowed"], false, "{why}");
        let approval = format!("/api/v1/runs/{run}/approval");
        let (status, told) = asks(&staff.portal, Method::POST, &approval, json!({ "approve": true, "note": "" })).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        let ended: Value = staff.portal.until("the run has ended", async |portal| {
            let (_, task) = asks(portal, Method::GET, &format!("/api/scaffolder/v2/tasks/{run}"), Value::Null).await;
            ["failed", "completed"].contains(&task["status"].as_str().unwrap_or_default()).then_some(task)
        }).await;
        assert_eq!(ended["status"], "failed", "{ended}");
    }

    async fn a_role_stays_behind_whoever_signs_in_first_after_an_entry_was_given_on(backend, provider) {
        let staff = Staff::new(backend, &provider, &user("sam", "stranger")).await;
        staff.is("sam", "stranger").await;
        staff.comes("stranger").await;
        // Given to whoever is there, who does not sign in anew before the entry is somebody else's.
        gives(&staff.portal, "administrator", "user:default/sam").await;
        staff.write(&(user("sam", "mallory") + &user("sam2", "stranger"))).await;
        staff.is("sam", "mallory").await;
        staff.is("sam2", "stranger").await;
        let mut first = staff.comes("stranger").await;
        assert_eq!(me(&mut first, &staff.portal).await["subject"], "user:default/sam2");
        let mut other = staff.comes("mallory").await;
        assert_eq!(roles(&staff.portal, &mut other).await, json!(["viewer"]));
        gives(&staff.portal, "administrator", "user:default/sam").await;
        staff.write(&(user("sam", "vera") + &user("sam2", "stranger") + &user("sam3", "mallory"))).await;
        staff.is("sam", "vera").await;
        let mut other = staff.comes("vera").await;
        assert_eq!(roles(&staff.portal, &mut other).await, json!(["viewer"]));
        // Of their own, nobody loses anything by signing in again.
        gives(&staff.portal, "developer", "user:default/sam").await;
        let mut again = staff.comes("vera").await;
        assert_eq!(roles(&staff.portal, &mut again).await, json!(["developer", "viewer"]));
    }

    async fn a_session_ends_with_the_account_that_it_began_with(backend, provider) {
        let ways = [
            provider.settings("corp", &format!("{USUAL}, require = {{ groups = \"/berths\" }}")),
            provider.settings("second", USUAL),
        ];
        let portal = portal_with(backend, &ways, Options::default()).await;
        provider.know(&portal, &["corp", "second"]).await;
        let (mut corp, mut second) = (Browser::new(), Browser::new());
        corp.sign_in(&portal, "corp").await;
        second.sign_in(&portal, "second").await;
        provider.wish(json!({ "groups": ["quays"] })).await;
        let mut again = Browser::new();
        let page = again.sign_in(&portal, "corp").await;
        is_refused(&page, &again, &portal, &["not as someone who may come in here"]);
        is_over(&portal, &corp).await;
        assert_eq!(me(&mut second, &portal).await["subject"], "user:default/ada-b");
    }

    async fn the_tokens_of_whoever_had_the_name_are_no_hindrance(backend, provider) {
        let staff = Staff::new(backend, &provider, &user("sam", "stranger")).await;
        staff.is("sam", "stranger").await;
        let mut sam = staff.comes("stranger").await;
        for _ in 0..50 {
            makes_token(&staff.portal, &mut sam).await;
        }
        let form = [("name", "one more"), ("days", "9"), ("read", "true")];
        let address = format!("{}/account/tokens", staff.portal.base);
        let refused = sam.follow(Method::POST, &address, Some(&form)).await;
        assert!(refused.text.contains("you have 50 tokens") || refused.text.contains("You have 50 tokens"), "{}", refused.text);
        staff.write(&user("sam", "mallory")).await;
        staff.is("sam", "mallory").await;
        let mut other = staff.comes("mallory").await;
        makes_token(&staff.portal, &mut other).await;
    }

    async fn who_listens_hears_nothing_more_once_somebody_else_has_the_name(backend, provider) {
        let staff = Staff::new(backend, &provider, &(user("sam", "stranger") + &user("bea", "mallory"))).await;
        staff.is("sam", "stranger").await;
        let mut sam = staff.comes("stranger").await;
        let heard = sam.send(Method::GET, &format!("{}/api/v1/changes/stream", staff.portal.base), None).await;
        assert_eq!(heard.status(), StatusCode::OK);
        let mut other = staff.comes("mallory").await;
        staff.write(&(user("sam", "vera") + &user("bea", "mallory"))).await;
        staff.is("sam", "vera").await;
        // Those who listen are looked at when somebody leaves, or after a while.
        other.send(Method::POST, &format!("{}/auth/sign-out", staff.portal.base), Some(&[])).await;
        heard.bytes().await.expect("the stream ends");
    }

    async fn a_name_and_an_address_that_are_both_given_on_bring_nothing_along(backend, provider) {
        let ways = [provider.settings("corp", &format!("{USUAL}, trust_email = true"))];
        // Who was away from the catalog for any time may be somebody else.
        let portal = portal_with(backend, &ways, Options::default().set("SIGN_IN__AWAY_HOURS", "0")).await;
        provider.know(&portal, &["corp"]).await;
        gives(&portal, "developer", "user:default/ada-b").await;
        let mut ada = Browser::new();
        ada.sign_in(&portal, "corp").await;
        let token = makes_token(&portal, &mut ada).await;
        let (_, sources) = asks(&portal, Method::GET, "/api/v1/catalog/sources", Value::Null).await;
        let source = &sources[0];
        let gone = format!("/api/v1/catalog/sources/{}?entities=remove", source["id"].as_str().unwrap());
        assert_eq!(asks(&portal, Method::DELETE, &gone, Value::Null).await.0, StatusCode::NO_CONTENT);
        let anew = json!({ "kind": source["kind"], "target": source["target"] });
        assert_eq!(asks(&portal, Method::POST, "/api/v1/catalog/sources", anew).await.0, StatusCode::CREATED);
        let _: () = portal.until("they are there again", async |portal| {
            let (status, _) = asks(portal, Method::GET, "/api/catalog/entities/by-name/user/default/ada-b", Value::Null).await;
            (status == StatusCode::OK).then_some(())
        }).await;
        // Whoever it is goes on, for all that is known.
        assert_eq!(by(&portal, &token).await.0, StatusCode::OK);
        // Somebody else of the same provider has the address now.
        provider.wish(json!({ "account": "mallory" })).await;
        let mut other = Browser::new();
        other.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut other, &portal).await["subject"], "user:default/ada-b");
        assert_eq!(roles(&portal, &mut other).await, json!(["viewer"]));
        is_over(&portal, &ada).await;
        assert_eq!(by(&portal, &token).await.0, StatusCode::UNAUTHORIZED);
    }
}
