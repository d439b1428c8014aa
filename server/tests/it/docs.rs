//! What the portal promises about documentation: found as TechDocs finds it, rendered here, safe to read, true to its source.

use std::fmt::Write as _;

use reqwest::{Method, StatusCode, header};

use crate::{
    definitions::main_of,
    forge::Web,
    portal::{Backend, Options, Portal},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(1)</script></svg>";

fn component(name: &str, annotation: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  annotations:\n    {annotation}\nspec:\n  type: service\n  lifecycle: production\n  owner: berths\n"
    )
}

const REFERENCE: &str = "backstage.io/techdocs-ref: dir:.";

async fn gate(portal: &Portal) {
    portal.write("gate/mkdocs.yml", "site_name: Gate\nnav:\n  - Overview: index.md\n  - Runbook: run/book.md\n  - ../../secret.md\n  - Gone: gone.md\n");
    portal.write("gate/docs/index.md", "# Gate\n\nSee the [runbook](run/book.md#when-it-rains), ![quay](img/quay.png) and ![drawn](img/drawn.svg).\n\n!!! danger \"Never\"\n    Open *both*.\n");
    portal.write("gate/docs/run/book.md", "# Runbook\n\n## When it rains\n\n[back](../index.md) [out](../../../secret.md) ![x](../../catalog-info.yaml)\n\n```yaml\nport: 80\n```\n");
    portal.write("gate/docs/img/quay.png", PNG);
    portal.write("gate/docs/img/drawn.svg", SVG);
    portal.write("gate/docs/img/fake.png", "<script>alert(1)</script>");
    let path = portal.write("gate/catalog-info.yaml", component("gate", REFERENCE));
    portal.register("file", &path).await;
}

both! {
    async fn docs_are_found_and_rendered(portal) {
        gate(&portal).await;
        let (status, html) = portal.page("/catalog/default/component/gate/docs").await;
        assert_eq!(status, StatusCode::OK);
        let main = main_of(&html);
        assert!(main.contains("note note-error") && main.contains("<em>both</em>"), "{main}");
        assert!(main.contains("href=\"/catalog/default/component/gate/docs/run/book#doc-when-it-rains\""), "{main}");
        assert!(main.contains("src=\"/api/techdocs/static/docs/default/component/gate/img/quay.png\""), "{main}");
        assert!(main.contains("leads out of the docs") && main.contains("names `gone.md`, which is not there"), "{main}");
        let (status, html) = portal.page("/catalog/default/component/gate/docs/run/book").await;
        assert_eq!(status, StatusCode::OK);
        let main = main_of(&html);
        assert!(main.contains("id=\"doc-when-it-rains\"") && main.contains("hl-t") && main.contains("Previous"), "{main}");
        assert!(main.contains("leads to nothing in these docs") && !main.contains("secret.md\""), "{main}");
        assert!(main.contains("href=\"/catalog/default/component/gate/docs\""), "{main}");
        let (status, _) = portal.page("/catalog/default/component/gate/docs/none").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (_, html) = portal.page("/catalog/default/component/gate/docs?find=rains").await;
        assert!(main_of(&html).contains("2 places with") && main_of(&html).contains("book#doc-when-it-rains"), "{}", main_of(&html));
        let moved = portal.get("/docs/default/Component/gate/run/book").await;
        assert_eq!(moved.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(moved.headers()[header::LOCATION], "/catalog/default/Component/gate/docs/run/book");
        for (written, meant) in [("/", "docs"), ("/run/book/", "docs/run/book"), ("/run/book/index.html", "docs/run/book"), ("/index.html", "docs")] {
            let moved = portal.get(&format!("/docs/default/component/gate{written}")).await;
            assert_eq!(moved.headers()[header::LOCATION], format!("/catalog/default/component/gate/{meant}"), "{written}");
        }
    }

    async fn images_go_through_us_and_run_nothing(portal) {
        gate(&portal).await;
        let base = "/api/techdocs/static/docs/default/component/gate";
        // Nothing is read from a source for an image alone.
        assert_eq!(portal.get(&format!("{base}/img/quay.png")).await.status(), StatusCode::NOT_FOUND);
        portal.page("/catalog/default/component/gate/docs").await;
        let png = portal.get(&format!("{base}/img/quay.png")).await;
        assert_eq!((png.status(), png.headers()[header::CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, "image/png"));
        let etag = png.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(png.bytes().await.unwrap(), PNG);
        let again = portal.request(Method::GET, &format!("{base}/img/quay.png")).header(header::IF_NONE_MATCH, etag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let svg = portal.get(&format!("{base}/img/drawn.svg")).await;
        assert_eq!(svg.headers()[header::CONTENT_TYPE], "image/svg+xml");
        let policy = svg.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
        assert_eq!(svg.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        for path in ["img/fake.png", "index.md", "../catalog-info.yaml", "..%2fcatalog-info.yaml", "%2e%2e/catalog-info.yaml", "img/none.png"] {
            let answer = portal.get(&format!("{base}/{path}")).await;
            assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        }
    }

    async fn what_changes_in_the_source_changes_here(portal) {
        gate(&portal).await;
        portal.page("/catalog/default/component/gate/docs").await;
        portal.write("gate/docs/index.md", "# Gate\n\nRewritten.\n");
        let before = portal.json("/api/catalog/entities/by-name/component/default/gate").await;
        let shown = portal
            .until("the page as it is now", async |portal| {
                let (_, html) = portal.page("/catalog/default/component/gate/docs").await;
                html.contains("Rewritten.").then_some(html)
            })
            .await;
        assert!(!main_of(&shown).contains("note-error"));
        assert_eq!(portal.json("/api/catalog/entities/by-name/component/default/gate").await, before);
        std::fs::remove_dir_all(portal.data.path().join("files/gate/docs")).unwrap();
        let shown = portal
            .until("the docs as they were, and why", async |portal| {
                let (_, html) = portal.page("/catalog/default/component/gate/docs").await;
                html.contains("could not be read again").then_some(html)
            })
            .await;
        assert!(main_of(&shown).contains("Rewritten."), "{}", main_of(&shown));
        let (_, history) = portal.page("/catalog/default/component/gate/history").await;
        assert!(main_of(&history).contains("Docs changed"), "{}", main_of(&history));
    }

    async fn a_sign_that_no_text_has_takes_no_page_away(portal) {
        portal.write("nul/mkdocs.yml", "site_name: \"a\\0b\"\nnav:\n  - \"St\\0art\": index.md\n  - ok.md\n");
        portal.write("nul/docs/index.md", "# T\0itle\n\nWords\0\n");
        portal.write("nul/docs/ok.md", "# Fine\n");
        let path = portal.write("nul/catalog-info.yaml", component("nul", REFERENCE));
        portal.register("file", &path).await;
        for (path, words) in [("", "Words\u{fffd}"), ("/ok", "Fine")] {
            let (status, html) = portal.page(&format!("/catalog/default/component/nul/docs{path}")).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            let main = main_of(&html);
            assert!(main.contains(words) && main.contains("`index.md` has signs that no text has"), "{main}");
        }
    }

    async fn docs_without_a_manifest_and_shared_docs_are_found(portal) {
        portal.write("plain/README.md", "# Plain\n\n[more](docs/more.md)\n");
        portal.write("plain/docs/more.md", "No heading here. [up](../README.md)\n");
        portal.write("plain/src/notes.md", "not meant");
        let path = portal.write("plain/catalog-info.yaml", component("plain", REFERENCE) + "---\n" + &component("sharer", "backstage.io/techdocs-entity: component:default/plain"));
        portal.register("file", &path).await;
        let (_, html) = portal.page("/catalog/default/component/sharer/docs").await;
        let main = main_of(&html);
        assert!(main.contains("Shared by") && main.contains("href=\"/catalog/default/component/sharer/docs/more\""), "{main}");
        assert!(!main.contains("not meant") && !main.contains("Notes"));
        let (_, html) = portal.page("/catalog/default/component/plain/docs/more").await;
        assert!(main_of(&html).contains("href=\"/catalog/default/component/plain/docs\""), "{}", main_of(&html));
    }

    async fn docs_that_are_not_there_say_so(portal) {
        portal.write("none/src/x.rs", "");
        for (name, annotation, why) in [
            ("empty", "backstage.io/techdocs-ref: dir:.", "no `mkdocs.yml`, no Markdown file"),
            ("climbs", "backstage.io/techdocs-ref: dir:../..", "leads out of the source"),
            ("absolute", "backstage.io/techdocs-ref: dir:/etc", "leads out of the source"),
            ("odd", "backstage.io/techdocs-ref: ftp:x", "is not understood"),
            ("local", "backstage.io/techdocs-ref: url:http://127.0.0.1:9/x", "internal address"),
            ("circle", "backstage.io/techdocs-entity: component:circle", "its own"),
            ("lost", "backstage.io/techdocs-entity: component:nobody", "nobody"),
        ] {
            let path = portal.write(&format!("none/{name}.yaml"), component(name, annotation));
            portal.register("file", &path).await;
            let (status, html) = portal.page(&format!("/catalog/default/component/{name}/docs")).await;
            assert_eq!(status, StatusCode::OK, "{name}");
            let main = main_of(&html);
            assert!(main.contains("Its docs cannot be shown") && main.contains(why), "{name}: {main}");
        }
        portal.write("bomb/docs/index.md", "# Bomb\n");
        let mut bomb = String::from("site_name: Bomb\na0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for level in 1..30 {
            writeln!(bomb, "a{level}: &a{level} [{}]", vec![format!("*a{}", level - 1); 9].join(",")).unwrap();
        }
        portal.write("bomb/mkdocs.yml", bomb);
        let path = portal.write("bomb/catalog-info.yaml", component("bomb", REFERENCE));
        portal.register("file", &path).await;
        let (status, html) = portal.page("/catalog/default/component/bomb/docs").await;
        assert_eq!(status, StatusCode::OK);
        assert!(main_of(&html).contains("cannot be read as YAML"), "{}", main_of(&html));
    }

    async fn nothing_on_a_page_of_docs_runs_and_giants_are_cut(portal) {
        let evil = "# <script>alert(1)</script>\n\n<img src=x onerror=alert(2)> [a](javascript:alert(3)) <iframe src=https://evil.example></iframe>\n\n<svg><script>alert(4)</script></svg>\n\n!!! note \"<script>alert(5)</script>\"\n    <a href=\"java\tscript:alert(6)\">x</a>\n\n</article></main><script>alert(7)</script>\n";
        portal.write("evil/docs/index.md", evil);
        portal.write("evil/docs/deep.md", "> ".repeat(100_000) + "x");
        portal.write("evil/docs/long.md", "word ".repeat(200_000));
        portal.write("evil/docs/giant.md", "word ".repeat(400_000));
        portal.write("evil/mkdocs.yml", "site_name: \"</title><script>alert(8)</script>\"\nnav:\n  - '<script>alert(9)</script>': index.md\n  - x: 'javascript:alert(10)'\n  - deep.md\n  - long.md\n");
        let path = portal.write("evil/catalog-info.yaml", component("evil", REFERENCE));
        portal.register("file", &path).await;
        let (status, html) = portal.page("/catalog/default/component/evil/docs").await;
        assert_eq!(status, StatusCode::OK);
        let main = html.to_lowercase();
        for bad in ["<script>alert", "onerror=alert(2)>", "<iframe", "<svg><script", "href=\"javascript:", "href=\"java\t"] {
            assert!(!main.contains(bad), "{bad}: {main}");
        }
        assert!(main_of(&html).contains("`giant.md` is left out"), "{}", main_of(&html));
        for page in ["deep", "long"] {
            let (status, html) = portal.page(&format!("/catalog/default/component/evil/docs/{page}")).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            assert!(html.len() < 8 * 1024 * 1024, "{page}: {}", html.len());
        }
    }
}

#[tokio::test]
async fn the_docs_of_the_example_organisation_are_shown() {
    let portal = Portal::start(Backend::Sqlite).await;
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/saltmarsh/catalog-info.yaml");
    portal.register("file", example).await;
    let entities = portal.json("/api/catalog/entities?fields=kind,metadata").await;
    let mut seen = 0;
    for entity in entities.as_array().unwrap() {
        let annotations = &entity["metadata"]["annotations"];
        if annotations.get("backstage.io/techdocs-ref").is_none()
            && annotations.get("backstage.io/techdocs-entity").is_none()
        {
            continue;
        }
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_lowercase();
        let namespace = entity["metadata"]["namespace"].as_str().unwrap_or("default");
        let path = format!("/catalog/{namespace}/{}/{}/docs", text(&entity["kind"]), text(&entity["metadata"]["name"]));
        let (status, html) = portal.page(&path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(main_of(&html).contains("<article"), "{path}: {}", main_of(&html));
        seen += 1;
    }
    assert!(seen >= 26, "{seen}");
}

#[tokio::test]
async fn pages_lead_to_the_code_where_people_read_it() {
    let server = Web::git("x-access-token", "pass").await;
    let files = [
        ("catalog-info.yaml", &*component("gate", REFERENCE)),
        (
            "README.md",
            "# Gate\n\n[guide](docs/guide/open.md), [code](src/main.rs), [folder](src), [gone](src/gone.rs), ![drawn](docs/drawn.svg)\n",
        ),
        (
            "docs/guide/open.md",
            "# Open\n\n[code](../../src/main.rs#L1) [up](../../README.md) [out](../../../../other/x.md)\n",
        ),
        ("docs/drawn.svg", SVG),
        ("src/main.rs", "fn main() {}\n"),
    ];
    let address = server.repository("quay/gate", &files);
    let options = Options::default()
        .set("OUTBOUND__ALLOW", &format!("[\"{}\"]", server.web.address))
        .set("CREDENTIALS__QUAY", &format!("{{ at = \"http://{}\", token = \"env:QUAY_TOKEN\" }}", server.web.address))
        .variable("QUAY_TOKEN", "pass");
    let portal = Portal::start_with(Backend::Sqlite, options).await;
    let registered = portal.register("git", &address).await;
    assert_eq!(registered["problem"], serde_json::Value::Null, "{registered}");
    let code = format!("http://{}/quay/gate/blob/main", server.web.address);
    let (_, html) = portal.page("/catalog/default/component/gate/docs").await;
    let main = main_of(&html);
    for led in
        ["/catalog/default/component/gate/docs/guide/open", &format!("{code}/src/main.rs"), &format!("{code}/src")]
    {
        assert!(main.contains(&format!("href=\"{led}\"")), "{led}: {main}");
    }
    assert!(main.contains("src=\"/api/techdocs/static/docs/default/component/gate/drawn.svg\""), "{main}");
    assert!(main.contains("src/gone.rs` leads to nothing"), "{main}");
    let (_, html) = portal.page("/catalog/default/component/gate/docs/guide/open").await;
    let main = main_of(&html);
    assert!(
        main.contains(&format!("href=\"{code}/src/main.rs#L1\""))
            && main
                .contains("href=\"/catalog/default/component/gate/docs\" rel=\"external noopener noreferrer\">up</a>"),
        "{main}"
    );
    assert!(main.contains("other/x.md` leads to nothing"), "{main}");
}
