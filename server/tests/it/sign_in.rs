//! The administrator's token: the way in for servers that other machines can reach.

use reqwest::{Method, StatusCode, header};

use crate::portal::{Backend, Options, Portal};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn guarded() -> Portal {
    // Health checks need no sign-in, so the harness finds the server ready.
    Portal::start_with(Backend::Sqlite, Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'")))
        .await
}

#[tokio::test]
async fn a_stranger_is_led_to_the_sign_in_page_and_gets_nothing_else() {
    let portal = guarded().await;
    let page = portal.request(Method::GET, "/catalog?kind=api").header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.headers()[header::LOCATION], "/auth/sign-in?next=%2Fcatalog%3Fkind%3Dapi");
    for path in [
        "/api/catalog/entities",
        "/api/scaffolder/v2/tasks",
        "/api/techdocs/static/docs/default/component/a/b.png",
        "/api/v1/changes/stream",
        "/git/a/b.git/info/refs",
        "/api/portal/x",
    ] {
        assert_eq!(portal.get(path).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(portal.get("/readyz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_token_opens_the_api_and_another_does_not() {
    let portal = guarded().await;
    let with = |token: &'static str| portal.request(Method::GET, "/").bearer_auth(token).send();
    assert_eq!(with(TOKEN).await.unwrap().status(), StatusCode::OK);
    assert_eq!(with("0123456789abcdef0123456789abcdeX").await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_form_opens_the_portal_until_one_signs_out() {
    let portal = guarded().await;
    let sign_in = |token: &'static str| {
        let form = format!("token={token}&next=%2Fcatalog");
        portal
            .request(Method::POST, "/auth/sign-in")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
    };
    let refused = sign_in("wrong").await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.headers().contains_key(header::SET_COOKIE));
    let welcome = sign_in(TOKEN).await.unwrap();
    assert_eq!(
        (welcome.status(), &welcome.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/catalog".parse().unwrap())
    );
    let cookie = welcome.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let session = cookie.split(';').next().unwrap().to_owned();
    let page =
        portal.request(Method::GET, "/").header("accept", "text/html").header("cookie", session).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let bye = portal.request(Method::POST, "/auth/sign-out").send().await.unwrap();
    assert!(bye.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
}
