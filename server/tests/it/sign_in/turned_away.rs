//! Those who do not come in, or no longer: they are out everywhere, and are told why.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{
    by, is_refused, me,
    people::{administrator, does, row, told},
    same::{Staff, is_over, makes_token, user},
};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, USUAL, portal, portal_with},
};

async fn rests(portal: &Portal, token: &str) {
    let (status, why) = by(portal, token).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{why}");
    assert!(why["detail"].as_str().unwrap().contains("may not come in any more"), "{why}");
}

both_with_a_provider! {
    async fn whoever_is_turned_away_for_what_is_required_is_out_everywhere(backend, provider) {
        let portal = portal(backend, &provider, "require = { groups = \"/berths\" }").await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        let token = makes_token(&portal, &mut browser).await;
        assert_eq!(by(&portal, &token).await.0, StatusCode::OK);
        provider.wish(json!({ "groups": ["quays"] })).await;
        let mut other = Browser::new();
        let page = other.sign_in(&portal, "corp").await;
        is_refused(&page, &other, &portal, &["not as someone who may come in here"]);
        is_over(&portal, &browser).await;
        rests(&portal, &token).await;
    }

    async fn whoever_is_turned_away_since_nobody_is_found_is_out_everywhere(backend, provider) {
        let staff = Staff::new(backend, &provider, &(user("sam", "stranger") + &user("kim", "mallory"))).await;
        staff.is("sam", "stranger").await;
        let mut browser = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut browser).await;
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::OK);
        staff.write(&user("kim", "mallory")).await;
        let _: () = staff.portal.until("nobody is found", async |portal| {
            let page = Browser::new().sign_in(portal, "corp").await;
            page.text.contains("nobody in the catalog was found").then_some(())
        }).await;
        is_over(&staff.portal, &browser).await;
        rests(&staff.portal, &token).await;
    }

    async fn who_is_blocked_comes_in_by_no_other_way(backend, provider) {
        let ways = ["corp", "second", "third"].map(|id| provider.settings(id, USUAL));
        let portal = portal_with(backend, &ways, Options::default()).await;
        provider.know(&portal, &["corp", "second", "third"]).await;
        let mut came = Vec::new();
        for id in ["corp", "second"] {
            let mut browser = Browser::new();
            browser.sign_in(&portal, id).await;
            assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
            let token = makes_token(&portal, &mut browser).await;
            assert_eq!(by(&portal, &token).await.0, StatusCode::OK);
            came.push((browser, token));
        }
        let page = administrator(&portal, "/people").await;
        does(&portal, "/people/block", row(&page, &["Corp corp ·"]), "/people/block", "&blocked=true").await;
        for (browser, token) in &came {
            is_over(&portal, browser).await;
            rests(&portal, token).await;
        }
        for id in ["second", "third"] {
            let mut browser = Browser::new();
            let page = browser.sign_in(&portal, id).await;
            is_refused(&page, &browser, &portal, &["has blocked whoever this account belongs to"]);
        }
        // What that ended, and what it laid to rest, is told.
        let blocked = told(&portal, "account-blocked").await;
        let detail = &blocked[0]["detail"];
        assert_eq!(
            (&detail["accounts"], &detail["sessionsEnded"], &detail["tokensResting"]),
            (&json!(2), &json!(2), &json!(2)),
            "{blocked}"
        );
        let page = administrator(&portal, "/people").await;
        let about = row(&page, &["Corp corp ·"]);
        assert!(about.contains("one person with their account of Corp second"), "{about}");
        assert!(about.contains("blocked") && about.contains("at rest while the account is blocked"), "{about}");
        does(&portal, "/people/block", row(&page, &["Corp second ·"]), "/people/block", "&blocked=false").await;
        for (_, token) in &came {
            assert_eq!(by(&portal, token).await.0, StatusCode::OK);
        }
        let mut browser = Browser::new();
        browser.sign_in(&portal, "third").await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
    }

    async fn scopes_that_a_provider_does_not_know_are_told_as_what_to_mend(backend, provider) {
        let portal = portal(backend, &provider, "trust_email = true").await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        let start = browser.send(Method::GET, &format!("{}/auth/start/corp", portal.base), None).await;
        let to: reqwest::Url = start.headers()[header::LOCATION].to_str().unwrap().parse().unwrap();
        let state = to.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let back = format!("{}/auth/callback/corp?state={state}&error=invalid_scope&error_description=Invalid+scopes:+groups", portal.base);
        let page = browser.open(&back).await;
        is_refused(&page, &browser, &portal, &["Invalid scopes: groups", "<code class=\"font-mono break-all\">scopes</code>", "names only those that the provider knows"]);
        assert!(!page.text.contains("If you changed your mind"), "{}", page.text);
        assert_eq!(page.status, StatusCode::BAD_GATEWAY);
        let refused: Value = portal.until("it is in the audit log", async |portal| {
            let refused = told(portal, "sign-in-failed").await;
            refused.as_array().is_some_and(|all| !all.is_empty()).then_some(refused)
        }).await;
        assert!(refused[0]["detail"]["why"].as_str().unwrap().contains("Invalid scopes: groups"), "{refused}");
    }
}
