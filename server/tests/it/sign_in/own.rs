//! What people do about themselves: their sessions and tokens.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{by, me};
use crate::{
    lifecycle::form,
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
};

both_with_a_provider! {
    async fn whoever_has_no_role_sees_their_sessions_and_leaves(backend, provider) {
        let portal = portal_with(
            backend,
            &[provider.settings("corp", USUAL)],
            Options::default().set("PERMISSION__EVERYONE", "[]"),
        ).await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        for path in ["/account", "/account/tokens"] {
            let page = browser.open(&format!("{}{path}", portal.base)).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        }
        let page = browser.open(&format!("{}/account", portal.base)).await;
        assert!(page.text.contains("this browser") && page.text.contains("Sign out"), "{}", page.text);
        // A token that they had made meanwhile is theirs to end, if not to make.
        let admin = async |method: Method, path: &str, body: Value| portal.request(method, path).bearer_auth(TOKEN).json(&body).send().await.unwrap().status();
        let role = json!({ "role": "developer", "to": "user:default/ada-b" });
        assert_eq!(admin(Method::POST, "/api/v1/permission/roles", role.clone()).await, StatusCode::NO_CONTENT);
        let tokens = format!("{}/account/tokens", portal.base);
        let made = browser.follow(Method::POST, &tokens, Some(&[("name", "laptop"), ("days", "1"), ("read", "true")])).await;
        assert!(made.text.contains("Copy it now"), "{}", made.text);
        assert_eq!(admin(Method::DELETE, "/api/v1/permission/roles", role).await, StatusCode::NO_CONTENT);
        let page = browser.open(&tokens).await.text;
        assert!(page.contains("You may not make tokens") && !page.contains("Make token"), "{page}");
        let at = page.find("name=\"id\" value=\"").expect("it can be ended") + 17;
        let ended = browser.follow(Method::POST, &format!("{tokens}/end"), Some(&[("id", &page[at..at + 36])])).await;
        assert!(ended.text.contains("There is none"), "{}", ended.text);
        assert_eq!(me(&mut browser, &portal).await["allRoles"], json!([]));
        let ended = browser.follow(Method::POST, &format!("{}/account/sessions/end-others", portal.base), Some(&[])).await;
        assert_eq!(ended.status, StatusCode::OK, "{}", ended.text);
        browser.send(Method::POST, &format!("{}/auth/sign-out", portal.base), Some(&[])).await;
        assert_eq!(browser.cookie(&portal.base, "causeway_session"), None);
    }

    async fn what_the_administrators_token_made_ends_with_it(backend, provider) {
        let settings = [provider.settings("corp", USUAL)];
        let mut portal = portal_with(backend, &settings, Options::default()).await;
        let form = async |portal: &Portal, token: &str, path: &str, fields: &[(&str, &str)]| {
            let request = portal.request(Method::POST, path).bearer_auth(token).header("accept", "text/html");
            form(request, fields).send().await.unwrap().text().await.unwrap()
        };
        let of_days = [("name", "leaked"), ("days", "300"), ("read", "true"), ("administer", "true")];
        let made = form(&portal, TOKEN, "/account/tokens", &of_days).await;
        let token = made[made.find("cw_pat_").unwrap_or_else(|| panic!("{made}"))..][..47].to_owned();
        assert_eq!(by(&portal, &token).await.1["subject"], "administrator");
        let service = form(&portal, TOKEN, "/people/tokens", &[("name", "ci"), ("days", "9"), ("read", "true"), ("roles", "viewer")]).await;
        let service = service[service.find("cw_svc_").unwrap_or_else(|| panic!("{service}"))..][..47].to_owned();
        // Where other tokens are ended, it can be ended.
        let page = portal.request(Method::GET, "/people/tokens").bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("leaked") && page.contains("may read, administer as administrator"), "{page}");
        let other = TOKEN.replace('0', "f");
        portal.kill().await;
        let options = Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{other}'"));
        portal.restart_with(options.clone()).await;
        let (status, why) = by(&portal, &token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{why}");
        assert!(why.to_string().contains("is another one than when it was made"), "{why}");
        assert_eq!(by(&portal, &service).await.0, StatusCode::OK);
        let made = form(&portal, &other, "/account/tokens", &of_days).await;
        let token = made[made.find("cw_pat_").unwrap_or_else(|| panic!("{made}"))..][..47].to_owned();
        portal.kill().await;
        portal.restart_with(options).await;
        assert_eq!(by(&portal, &token).await.0, StatusCode::OK);
    }

    async fn a_name_that_somebody_else_bears_opens_nothing_of_theirs(backend, provider) {
        let portal = portal_with(
            backend,
            &[provider.settings("corp", &format!("{USUAL}, match = [{{ annotation = \"corp.example/id\", claim = \"sub\" }}]"))],
            Options::default(),
        ).await;
        provider.know(&portal, &["corp"]).await;
        let user = |name: &str, sub: &str, team: &str| format!("apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}, annotations: {{corp.example/id: {sub}}}}}\nspec: {{memberOf: [{team}]}}\n");
        let write = |text: &str| portal.write("staff.yaml", text);
        let admin = async |method: Method, path: &str, body: Value| portal.request(method, path).bearer_auth(TOKEN).json(&body).send().await.unwrap();
        let target = write(&user("sam", "stranger", "berths"));
        let source: Value = admin(Method::POST, "/api/v1/catalog/sources", json!({ "kind": "file", "target": target })).await.json().await.unwrap();
        let sync = format!("/api/v1/catalog/sources/{}/sync", source["id"].as_str().unwrap());
        let is_there = async |name: &str| {
            let _: () = portal.until("they are in the catalog", async |_| {
                let found = admin(Method::GET, &format!("/api/catalog/entities/by-name/user/default/{name}"), Value::Null).await;
                (found.status() == StatusCode::OK).then_some(())
            }).await;
        };
        is_there("sam").await;
        let comes = async |account: &str| {
            provider.wish(json!({ "account": account })).await;
            let mut browser = Browser::new();
            let page = browser.sign_in(&portal, "corp").await;
            assert_eq!(page.status, StatusCode::OK, "{account}: {}", page.text);
            browser
        };
        let makes_token = async |browser: &mut Browser| {
            let form = [("name", "laptop"), ("days", "9"), ("read", "true")];
            let made = browser.follow(Method::POST, &format!("{}/account/tokens", portal.base), Some(&form)).await;
            let at = made.text.find("cw_pat_").unwrap_or_else(|| panic!("the token is shown: {}", made.text));
            made.text[at..at + 47].to_owned()
        };
        let mut first = comes("stranger").await;
        let token = makes_token(&mut first).await;
        assert_eq!(by(&portal, &token).await.1["subject"], "user:default/sam");
        // They are called otherwise, and another one is hired who gets the name.
        write(&user("sam2", "stranger", "berths"));
        assert_eq!(admin(Method::POST, &sync, json!({})).await.status(), StatusCode::ACCEPTED);
        is_there("sam2").await;
        write(&(user("sam2", "stranger", "berths") + "---\n" + &user("sam", "mallory", "quays")));
        assert_eq!(admin(Method::POST, &sync, json!({})).await.status(), StatusCode::ACCEPTED);
        is_there("sam").await;
        let mut second = comes("mallory").await;
        assert_eq!(me(&mut second, &portal).await["teams"], json!(["group:default/quays"]));
        let secret = first.cookie(&portal.base, "causeway_session").unwrap();
        let _: () = portal.until("the old session is over", async |portal| {
            let mut browser = Browser::new();
            browser.plant(&portal.base, "causeway_session", &secret);
            me(&mut browser, portal).await["subject"].is_null().then_some(())
        }).await;
        let (status, told) = by(&portal, &token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{told}");
        assert!(told["detail"].as_str().unwrap().contains("somebody else by now"), "{told}");
        assert!(second.open(&format!("{}/account/tokens", portal.base)).await.text.contains("There is none"));
        // What they made goes with them under the new name.
        let mut first = comes("stranger").await;
        assert_eq!(me(&mut first, &portal).await["subject"], "user:default/sam2");
        assert_eq!(by(&portal, &token).await.1["subject"], "user:default/sam2");
        // Where the rules find somebody else for them, what they made is no longer the former one's.
        write(&(user("sam2", "mallory", "berths") + "---\n" + &user("sam", "stranger", "quays")));
        assert_eq!(admin(Method::POST, &sync, json!({})).await.status(), StatusCode::ACCEPTED);
        let _: () = portal.until("they are told apart", async |portal| {
            let mut browser = comes("stranger").await;
            (me(&mut browser, portal).await["subject"] == "user:default/sam").then_some(())
        }).await;
        assert_eq!(by(&portal, &token).await.1["subject"], "user:default/sam");
    }

    async fn a_token_rests_while_its_owner_may_not_come_in(backend, provider) {
        let portal = portal_with(
            backend,
            &[provider.settings("corp", &format!("{USUAL}, require = {{ groups = \"/berths\" }}"))],
            Options::default().set("SIGN_IN__RECHECK_MINUTES", "0"),
        ).await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        let form = [("name", "laptop"), ("days", "366"), ("read", "true")];
        let made = browser.follow(Method::POST, &format!("{}/account/tokens", portal.base), Some(&form)).await;
        let at = made.text.find("cw_pat_").expect("the token is shown");
        let token = &made.text[at..at + 47];
        // Loading the page again sends the form again, which makes no other.
        let page = browser.open(&format!("{}/account/tokens", portal.base)).await.text;
        let at = page.find("name=\"wish\" value=\"").unwrap() + 19;
        let form = [("name", "desk"), ("days", "1"), ("read", "true"), ("wish", &page[at..at + 36])];
        for status in [StatusCode::OK, StatusCode::CONFLICT] {
            let made = browser.follow(Method::POST, &format!("{}/account/tokens", portal.base), Some(&form)).await;
            assert_eq!((made.status, made.text.contains("Copy it now")), (status, status == StatusCode::OK), "{}", made.text);
            assert!(status == StatusCode::OK || made.text.contains("made the token <code"), "{}", made.text);
        }
        let page = browser.open(&format!("{}/account/tokens", portal.base)).await.text;
        assert_eq!(page.matches("> desk<").count(), 1, "{page}");
        assert!(page.contains("action=\"/auth/sign-out\""), "every page has the way out: {page}");
        assert_eq!(by(&portal, token).await.1["subject"], "user:default/ada-b");
        // They leave the group that everybody must be in: what they had made opens nothing either, and says why.
        provider.wish(json!({ "groups": ["quays"] })).await;
        // What a session was found to be is believed for some seconds.
        let secret = browser.cookie(&portal.base, "causeway_session").unwrap();
        let _: () = portal.until("the session is over", async |portal| {
            let mut browser = Browser::new();
            browser.plant(&portal.base, "causeway_session", &secret);
            me(&mut browser, portal).await["subject"].is_null().then_some(())
        }).await;
        let (status, told) = by(&portal, token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(told["detail"].as_str().unwrap().contains("may not come in any more"), "{told}");
        // It is no guess, however often a program tries.
        for _ in 0..10 {
            assert_eq!(by(&portal, token).await.0, StatusCode::UNAUTHORIZED);
        }
        // Let in again, they need no other.
        provider.wish(json!({ "groups": ["/berths"] })).await;
        browser.sign_in(&portal, "corp").await;
        assert_eq!(by(&portal, token).await.1["subject"], "user:default/ada-b");
    }
}
