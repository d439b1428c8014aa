//! *People*: whom an administrator finds there, and what they can do about them.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{
    by,
    same::{Staff, user},
};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal, portal_with},
};

/// A page as the administrator sees it.
pub(super) async fn administrator(portal: &Portal, path: &str) -> String {
    let page = portal.request(Method::GET, path).bearer_auth(TOKEN).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK, "{path}");
    page.text().await.unwrap()
}

/// The part of *People* that is about one account, by words that stand in it.
pub(super) fn row<'a>(page: &'a str, words: &[&str]) -> &'a str {
    let mut rows = page.split("<li class=\"grid grid-cols-subgrid");
    let found = rows.find(|row| words.iter().all(|word| row.contains(word)));
    found.unwrap_or_else(|| panic!("{words:?} is in no row of {page}"))
}

/// Sends a form about whatever stands behind `after` there.
pub(super) async fn does(portal: &Portal, path: &str, part: &str, after: &str, more: &str) {
    let part = &part[part.find(after).unwrap_or_else(|| panic!("`{after}` is not in {part}"))..];
    let at = part.find("name=\"id\" value=\"").unwrap() + 17;
    let answer = portal
        .request(Method::POST, path)
        .bearer_auth(TOKEN)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(format!("id={}{more}", &part[at..at + 36]))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/people".parse().unwrap())
    );
}

/// What the audit log tells of one kind, the latest first.
pub(super) async fn told(portal: &Portal, kind: &str) -> Value {
    let answer = portal.request(Method::GET, &format!("/api/v1/audit?kind={kind}")).bearer_auth(TOKEN).send().await;
    let told: Value = answer.unwrap().json().await.unwrap();
    told["items"].clone()
}

both_with_a_provider! {
    async fn a_token_that_leaked_is_seen_and_ended_by_an_administrator(backend, provider) {
        let portal = portal(backend, &provider, "trust_email = true").await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        let mut tokens = Vec::new();
        for name in ["laptop", "old desk"] {
            let form = [("name", name), ("days", "9"), ("read", "true")];
            let made = browser.follow(Method::POST, &format!("{}/account/tokens", portal.base), Some(&form)).await;
            let at = made.text.find("cw_pat_").expect("the token is shown");
            tokens.push(made.text[at..at + 47].to_owned());
        }
        assert_eq!(by(&portal, &tokens[0]).await.0, StatusCode::OK);
        let page = administrator(&portal, "/people").await;
        let about = row(&page, &["ada-b", "Corp corp"]);
        assert!(about.contains("2 tokens") && about.contains(&tokens[0][..11]), "{about}");
        assert!(about.contains("from 127.0.0.1") && about.contains("never used"), "{about}");
        // The one that was used stands first.
        assert!(about.find("laptop") < about.find("old desk"), "{about}");
        does(&portal, "/people/end-token", about, "/people/end-token", "").await;
        let (status, why) = by(&portal, &tokens[0]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(why["detail"].as_str().unwrap().contains("it was ended at"), "{why}");
        assert_eq!(by(&portal, &tokens[1]).await.0, StatusCode::OK);
        let page = administrator(&portal, "/people").await;
        assert!(row(&page, &["ada-b"]).contains("1 token<"), "{page}");
        // Whoever searched is led back to what they found.
        for (from, back) in [("/people?q=ada", "/people?q=ada"), ("/catalog?q=ada", "/people")] {
            let request = portal.request(Method::POST, "/people/end-token").bearer_auth(TOKEN);
            let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let request = request.header(header::REFERER, format!("{}{from}", portal.base));
            let led = request.body("id=00000000-0000-0000-0000-000000000000").send().await.unwrap();
            assert_eq!(led.headers()[header::LOCATION], back);
        }
        let ended = told(&portal, "token-ended").await;
        assert_eq!((&ended[0]["actor"], &ended[0]["detail"]["of"]), (&json!("administrator"), &json!("user:default/ada-b")), "{ended}");
    }

    async fn people_are_found_by_names_of_any_letters(backend, provider) {
        let wanted = format!("{USUAL}, create_people = true, scim = \"directory\"");
        let portal = portal_with(backend, &[provider.settings("corp", &wanted)], Options::default()).await;
        provider.know(&portal, &["corp"]).await;
        provider.wish(json!({ "account": "asa" })).await;
        Browser::new().sign_in(&portal, "corp").await;
        let find = async |text: &str| administrator(&portal, &format!("/people?q={text}")).await;
        for text in ["Åse", "åse", "ÅSE", "ødegård", "ØDEGÅRD", "se ø", "corp/ASA"] {
            let page = find(text).await;
            assert!(page.contains("user:corp/asa") && !page.contains("Nobody is found"), "{text}: {page}");
        }
        // What means something to a database means itself here.
        for text in ["%25", "_", "*", "[a-z]", ".", "(", "\\", "Ase"] {
            let page = find(text).await;
            let is_there = page.contains("Signed in so far") && page.contains("user:corp/asa");
            assert_eq!(is_there, text == ".", "{text}: {page}");
        }
        // Who finds nobody is not told to configure a provider.
        for (query, words) in [("q=nobody", "“nobody”"), ("page=9", "The list ends before this page")] {
            let page = administrator(&portal, &format!("/people?{query}")).await;
            assert!(page.contains(words) && !page.contains("sign_in.providers"), "{query}: {page}");
        }
        let directory = portal.command(&["token", "create", "directory", "--roles", "provisioner", "--scopes", "provision"]).await;
        let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "janna@saltmarsh.example", "displayName": "Жанна" });
        let created = portal.request(Method::POST, "/scim/v2/Users").bearer_auth(directory.trim());
        let created = created.header(header::CONTENT_TYPE, "application/scim+json").body(body.to_string()).send().await.unwrap();
        assert_eq!(created.status(), StatusCode::CREATED);
        for text in ["Жанна", "жанна", "ЖАННА"] {
            assert!(find(text).await.contains("janna@saltmarsh.example"), "{text}");
        }
        assert!(!find("Жанно").await.contains("janna@saltmarsh.example"));
    }

    async fn an_account_is_not_shown_as_whoever_has_its_name_by_now(backend, provider) {
        let staff = Staff::new(backend, &provider, &user("boss", "stranger")).await;
        staff.is("boss", "stranger").await;
        staff.comes("stranger").await;
        let (user_page, asks) = ("/catalog/default/user/boss", "/may?who=user%3Adefault%2Fboss");
        let page = administrator(&staff.portal, "/people").await;
        let about = row(&page, &["stranger@saltmarsh.example"]);
        assert!(about.contains("signed in, in 1 browser") && about.contains(user_page) && about.contains(asks), "{about}");
        // The entry is somebody else's; whoever had it did not sign in again.
        staff.write(&user("boss", "mallory")).await;
        staff.is("boss", "mallory").await;
        let mut boss = staff.comes("mallory").await;
        let page = administrator(&staff.portal, "/people").await;
        let about = row(&page, &["stranger@saltmarsh.example"]);
        assert!(about.contains("no longer who they were") && about.contains("no longer takes them for user:default/boss"), "{about}");
        assert!(!about.contains("signed in, in 1 browser") && !about.contains(user_page) && !about.contains(asks), "{about}");
        let about = row(&page, &["Mallory"]);
        assert!(about.contains("signed in, in 1 browser") && about.contains(user_page) && about.contains(asks), "{about}");
        // From the page of a User it is asked what they could do, by those who may ask.
        let asks = "/may?who=user:default/boss";
        assert!(administrator(&staff.portal, user_page).await.contains(asks));
        let page = boss.open(&format!("{}{user_page}", staff.portal.base)).await;
        assert!(page.status == StatusCode::OK && !page.text.contains(asks), "{}", page.text);
    }
}
