//! Directories that keep people and groups current, as Okta and Entra ID do it.

mod directory;
mod slips;
mod standing;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use self::directory::{Directory, fault};
use crate::{
    portal::{Backend, Options, Portal},
    provider::TOKEN,
};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

both! {
    async fn what_a_directory_asks_first_is_answered(portal) {
        let directory = Directory::new(&portal).await;
        let config = directory.get("/ServiceProviderConfig").await;
        assert_eq!((config.status, &config.body["patch"]["supported"], &config.body["etag"]["supported"]), (StatusCode::OK, &json!(true), &json!(true)));
        let kinds = directory.get("/ResourceTypes").await.body;
        assert_eq!((&kinds["totalResults"], &kinds["Resources"][0]["endpoint"]), (&json!(2), &json!("/Users")));
        assert_eq!(directory.get("/ResourceTypes/Group").await.body["schema"], "urn:ietf:params:scim:schemas:core:2.0:Group");
        let schemas = directory.get("/Schemas").await.body;
        assert_eq!(schemas["totalResults"], 3);
        let user = directory.get(&format!("/Schemas/{USER}")).await.body;
        let name = user["attributes"].as_array().unwrap().iter().find(|one| one["name"] == "userName").unwrap();
        assert_eq!((&name["required"], &name["uniqueness"]), (&json!(true), &json!("server")));
        // Entra ID tests a connection with someone whom there cannot be; Okta with a page of two.
        let nobody = directory.find("Users", "userName eq \"b7a1c7ad-1e0e-4d4c-b1b9-1f1d5f1c9a52\"").await;
        assert_eq!((nobody.status, &nobody.body["totalResults"], &nobody.body["Resources"]), (StatusCode::OK, &json!(0), &json!([])));
        assert_eq!(directory.get("/Users?startIndex=1&count=2").await.body["itemsPerPage"], 0);
        fault(&directory.get("/Nothing").await, 404, "");
        fault(&directory.get("/Users/nobody").await, 404, "");
    }

    async fn only_a_token_for_it_opens_it(portal) {
        let mut portal = portal;
        portal.kill().await;
        portal.restart_with(Options::default().set("SIGN_IN__ADMINISTRATOR_TOKEN", &format!("'{TOKEN}'"))).await;
        for token in [None, Some("cw_svc_0000000000000000000000000000000000000000")] {
            let mut request = portal.request(Method::GET, "/scim/v2/Users");
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let refused = request.send().await.unwrap();
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], "Bearer");
            assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/scim+json");
        }
        // Neither another scope nor another role will do.
        for (name, role, scopes) in [
            ("writer", "platform-engineer", "read,write,run,approve,administer,provision"),
            ("narrow", "administrator", "read,write,run,approve,administer"),
        ] {
            let other = Directory::with(&portal, name, role, scopes).await;
            fault(&other.get("/Users").await, 403, "");
            fault(&other.post("Users", json!({ "userName": "x" })).await, 403, "");
            fault(&other.get("/ServiceProviderConfig").await, 403, "");
        }
        // And with the right one, nothing else is opened.
        let directory = Directory::new(&portal).await;
        assert_eq!(directory.get("/Users").await.status, StatusCode::OK);
        for path in ["/api/catalog/entities", "/api/v1/audit", "/api/scaffolder/v2/tasks"] {
            let refused = portal.request(Method::GET, path).bearer_auth(&directory.token).send().await.unwrap();
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
        }
    }

    async fn people_are_kept_as_okta_keeps_them(portal) {
        let directory = Directory::new(&portal).await;
        assert!(directory.ids("Users", "userName eq \"ada@saltmarsh.example\"").await.is_empty());
        let id = directory.ada().await;
        assert_eq!(directory.ids("Users", "userName eq \"ADA@saltmarsh.example\"").await, std::slice::from_ref(&id));
        let again = directory.post("Users", json!({ "userName": "Ada@saltmarsh.example" })).await;
        fault(&again, 409, "uniqueness");
        let path = format!("/Users/{id}");
        let one = directory.get(&path).await;
        assert_eq!(one.tag.as_deref(), Some("W/\"1\""));
        assert_eq!((&one.body["meta"]["version"], &one.body["meta"]["location"]), (&json!("W/\"1\""), &json!(format!("{}/scim/v2{path}", portal.base))));
        assert_eq!((&one.body["active"], &one.body["name"]["familyName"], &one.body["groups"]), (&json!(true), &json!("Byron"), &json!([])));
        let known = portal.request(Method::GET, &format!("/scim/v2{path}")).bearer_auth(&directory.token).header(header::IF_NONE_MATCH, "W/\"1\"").send().await.unwrap();
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        // An update is the whole person again.
        let mut whole = one.body.clone();
        whole["title"] = json!("Pilot");
        whole.as_object_mut().unwrap().remove("locale");
        let put = directory.ask(Method::PUT, &path, Some(whole.clone()), one.tag.as_deref()).await;
        assert_eq!((put.status, &put.body["title"], put.body.get("locale"), put.tag.as_deref()), (StatusCode::OK, &json!("Pilot"), None, Some("W/\"2\"")));
        let late = directory.ask(Method::PUT, &path, Some(whole), one.tag.as_deref()).await;
        fault(&late, 412, "");
        // What changes nothing is no new version.
        let same = directory.patch(&path, json!([{ "op": "replace", "value": { "title": "Pilot" } }])).await;
        assert_eq!((same.status, same.tag.as_deref()), (StatusCode::OK, Some("W/\"2\"")));
        let off = directory.patch(&path, json!([{ "op": "replace", "value": { "active": false } }])).await;
        assert_eq!((off.status, &off.body["active"]), (StatusCode::OK, &json!(false)));
        assert_eq!(directory.ids("Users", "active eq false and externalId eq \"00ujl29u0le5T6Aj10h7\"").await, std::slice::from_ref(&id));
        let other = directory.post("Users", json!({ "userName": "grace@saltmarsh.example" })).await;
        fault(&directory.patch(&path, json!([{ "op": "replace", "path": "userName", "value": "grace@saltmarsh.example" }])).await, 409, "uniqueness");
        assert_eq!(directory.ask(Method::DELETE, &path, None, Some("W/\"1\"")).await.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(directory.ask(Method::DELETE, &path, None, None).await.status, StatusCode::NO_CONTENT);
        fault(&directory.get(&path).await, 404, "");
        fault(&directory.ask(Method::DELETE, &path, None, None).await, 404, "");
        // The name is free again.
        directory.ada().await;
        let audit = portal.json("/api/v1/audit?actor=machine:directory&limit=50").await;
        let kinds: Vec<&str> = audit["items"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).filter(|kind| kind.starts_with("scim")).collect();
        assert_eq!(kinds, ["scim-user-created", "scim-user-deleted", "scim-user-created", "scim-user-deactivated", "scim-user-changed", "scim-user-created"]);
        let changed = audit["items"].as_array().unwrap().iter().find(|entry| entry["kind"] == "scim-user-changed").unwrap();
        assert_eq!((&changed["detail"]["before"], &changed["detail"]["after"]), (&json!({ "locale": "en-US" }), &json!({ "title": "Pilot" })));
        drop(other);
    }

    async fn people_are_kept_as_entra_id_keeps_them(portal) {
        let directory = Directory::new(&portal).await;
        let made = directory.post("Users", json!({
            "schemas": [USER, ENTERPRISE], "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef", "userName": "grace@saltmarsh.example",
            "active": true, "meta": { "resourceType": "User" }, "roles": [],
            "emails": [{ "primary": true, "type": "work", "value": "grace@saltmarsh.example" }],
            "name": { "formatted": "Grace Hopper", "familyName": "Hopper", "givenName": "Grace" },
            ENTERPRISE: { "department": "Quays" },
        })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
        let changed = directory.patch(&path, json!([
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "g@saltmarsh.example" },
            { "op": "Replace", "path": "name.familyName", "value": "Murray" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+31 6" },
            { "op": "Replace", "path": format!("{ENTERPRISE}:department"), "value": "Berths" },
            { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "m1" },
        ])).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
        assert_eq!((&changed.body["emails"][0]["value"], &changed.body["emails"][0]["primary"]), (&json!("g@saltmarsh.example"), &json!(true)));
        assert_eq!((&changed.body["name"]["familyName"], &changed.body["phoneNumbers"][0]), (&json!("Murray"), &json!({ "type": "mobile", "value": "+31 6" })));
        assert_eq!(changed.body[ENTERPRISE], json!({ "department": "Berths", "manager": { "value": "m1" } }));
        assert_eq!(directory.ids("Users", "emails[type eq \"work\" and value eq \"G@saltmarsh.example\"]").await.len(), 1);
        assert!(directory.ids("Users", "emails eq \"grace@saltmarsh.example\"").await.is_empty());
        // Entra asks so whether an attribute that refers to someone has a value.
        let id = made.body["id"].as_str().unwrap();
        for (filter, count) in [
            (format!("id eq \"{id}\" and manager eq \"m1\""), 1),
            (format!("id eq \"{id}\" and {ENTERPRISE}:manager eq \"m1\""), 1),
            (format!("id eq \"{id}\" and {ENTERPRISE}:manager.value eq \"m2\""), 0),
            (format!("id eq \"{id}\" and not (manager pr)"), 0),
        ] {
            assert_eq!(directory.ids("Users", &filter).await.len(), count, "{filter}");
        }
        let off = directory.patch(&path, json!([{ "op": "Replace", "path": "active", "value": "False" }])).await;
        assert_eq!((off.status, &off.body["active"]), (StatusCode::OK, &json!(false)));
        let on = directory.patch(&path, json!([{ "op": "Replace", "path": "active", "value": "True" }])).await;
        assert_eq!(on.body["active"], true);
        for (operations, kind) in [
            (json!([{ "op": "Replace", "path": "shoeSize", "value": 3 }]), "invalidPath"),
            (json!([{ "op": "Replace", "path": "emails[size eq 3].value", "value": "x" }]), "invalidFilter"),
            (json!([{ "op": "Replace", "path": "active", "value": "perhaps" }]), "invalidValue"),
            (json!([{ "op": "Remove" }]), "noTarget"),
            (json!([{ "op": "Replace", "path": "groups", "value": [] }]), "mutability"),
            (json!([]), "invalidSyntax"),
        ] {
            fault(&directory.patch(&path, operations).await, 400, kind);
        }
        // A message of which one part is wrong changes nothing.
        let half = directory.patch(&path, json!([{ "op": "Replace", "path": "title", "value": "Admiral" }, { "op": "Replace", "path": "x", "value": 1 }])).await;
        fault(&half, 400, "invalidPath");
        assert_eq!(directory.get(&path).await.body.get("title"), None);
    }

    async fn filters_pages_and_parts_are_what_they_say(portal) {
        let directory = Directory::new(&portal).await;
        let mut ids = Vec::new();
        for number in 0..7 {
            let mut person = json!({ "userName": format!("P{number}_x%@saltmarsh.example"), "active": number % 2 == 0, "displayName": format!("Person {}", 9 - number) });
            if number < 3 {
                person["externalId"] = json!(format!("Ext-{number}"));
                person["emails"] = json!([{ "value": format!("p{number}@quays.example"), "type": "work" }, { "value": format!("p{number}@home.example"), "type": "home" }]);
            }
            ids.push(directory.post("Users", person).await.body["id"].as_str().unwrap().to_owned());
        }
        for (filter, count) in [
            ("userName sw \"p\"", 7), ("userName co \"_X%\"", 7), ("userName co \"p_\"", 0), ("userName ew \"SALTMARSH.example\"", 7),
            ("userName ew \"a longer text than any of these names is, by far\"", 0), ("userName ne \"p0_x%@saltmarsh.example\"", 6),
            ("externalId eq \"Ext-1\"", 1), ("externalId eq \"ext-1\"", 0), ("externalId pr", 3), ("not (externalId pr)", 4),
            ("externalId ne \"Ext-1\"", 6), ("not (externalId eq \"Ext-1\")", 6), ("externalId co \"xt-\"", 3), ("externalId co \"EXT\"", 0), ("externalId eq null", 4),
            ("active eq true", 4), ("active eq \"False\"", 3), ("active ne true", 3), ("active pr", 7),
            ("emails.value co \"quays\"", 3), ("emails co \"P1@\"", 1), ("emails pr", 3), ("not (emails pr)", 4), ("emails.type eq \"home\"", 3),
            ("emails ne \"p1@quays.example\"", 6), ("emails[type eq \"work\" and value co \"home\"]", 0), ("emails[type eq \"home\" or value co \"p0\"]", 3),
            ("displayName eq \"person 9\" or displayName eq \"Person 8\"", 2), ("userName sw \"p\" and (active eq false or externalId pr)", 5),
            ("meta.created gt \"2020-01-01T00:00:00Z\"", 7), ("meta.lastModified lt \"2020-01-01T00:00:00Z\"", 0),
            ("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"P6_x%@saltmarsh.example\"", 1),
        ] {
            assert_eq!(directory.ids("Users", filter).await.len(), count, "{filter}");
        }
        assert_eq!(directory.ids("Users", &format!("id eq \"{}\"", ids[3])).await, [ids[3].clone()]);
        for filter in [
            "userName", "userName eq", "userName is \"a\"", "userName eq \"a", "(userName pr", "title eq \"x\"", "shoe eq 1", "active co \"tr\"",
            "active eq \"perhaps\"", "userName gt \"a\"", "meta.created gt \"yesterday\"", "userName[value eq \"a\"]", "emails[size eq 1]", "' or 1=1 --",
        ] {
            fault(&directory.find("Users", filter).await, 400, "invalidFilter");
        }
        fault(&directory.find("Users", &"(".repeat(500)).await, 400, "invalidFilter");
        let page = directory.get("/Users?sortBy=userName&sortOrder=descending&startIndex=2&count=3&attributes=userName").await.body;
        assert_eq!((&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]), (&json!(7), &json!(2), &json!(3)));
        let names: Vec<&str> = page["Resources"].as_array().unwrap().iter().map(|one| &one["userName"].as_str().unwrap()[..2]).collect();
        assert_eq!(names, ["P5", "P4", "P3"]);
        assert_eq!(page["Resources"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["schemas", "id", "userName"]);
        let less = directory.get(&format!("/Users/{}?excludedAttributes=emails,meta", ids[0])).await.body;
        assert_eq!((less.get("emails"), less.get("meta"), &less["externalId"]), (None, None, &json!("Ext-0")));
        for (path, total, shown) in [("/Users?count=0", 7, 0), ("/Users?startIndex=-3&count=-1", 7, 0), ("/Users?startIndex=99", 7, 0), ("/Users?count=100000", 7, 7)] {
            let page = directory.get(path).await.body;
            assert_eq!((&page["totalResults"], page["Resources"].as_array().unwrap().len()), (&json!(total), shown), "{path}");
        }
        fault(&directory.get("/Users?count=many").await, 400, "invalidValue");
        fault(&directory.get("/Users?sortBy=title").await, 400, "invalidPath");
        for body in [json!({}), json!({ "userName": "" }), json!({ "userName": "a", "active": 3 }), json!({ "userName": "a", "title": "x".repeat(5_000) })] {
            fault(&directory.post("Users", body).await, 400, "invalidValue");
        }
        let broken = portal.request(Method::POST, "/scim/v2/Users").bearer_auth(&directory.token).body("{").send().await.unwrap();
        assert_eq!(broken.json::<Value>().await.unwrap()["scimType"], "invalidSyntax");
    }

    async fn groups_are_pushed_renamed_emptied_and_deleted(portal) {
        let directory = Directory::new(&portal).await;
        let ada = directory.ada().await;
        let grace = directory.post("Users", json!({ "userName": "grace@saltmarsh.example" })).await.body["id"].as_str().unwrap().to_owned();
        let made = directory.post("Groups", json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Berths", "members": [{ "value": ada, "display": "x" }] })).await;
        assert_eq!((made.status, &made.body["members"][0]["display"]), (StatusCode::CREATED, &json!("ada@saltmarsh.example")));
        let id = made.body["id"].as_str().unwrap().to_owned();
        let path = format!("/Groups/{id}");
        fault(&directory.post("Groups", json!({ "displayName": "berths" })).await, 409, "uniqueness");
        // Two groups of one name are told apart by what the directory calls them.
        let twin = directory.post("Groups", json!({ "displayName": "Berths", "externalId": "g-2" })).await;
        assert_eq!(twin.status, StatusCode::CREATED);
        fault(&directory.post("Groups", json!({ "displayName": "Other", "externalId": "g-2" })).await, 409, "uniqueness");
        let members = async || {
            let group = directory.get(&path).await.body;
            let mut ids: Vec<String> = group["members"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            ids
        };
        let both = { let mut both = vec![ada.clone(), grace.clone()]; both.sort(); both };
        // Okta adds by path, Entra ID with a `$ref`; the answer holds no members, which may be many.
        let added = directory.patch(&path, json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": grace }] }])).await;
        assert_eq!((added.status, added.tag.as_deref()), (StatusCode::NO_CONTENT, Some("W/\"2\"")));
        assert_eq!(members().await, both);
        assert_eq!(directory.get(&format!("/Users/{grace}")).await.body["groups"][0]["display"], "Berths");
        for filter in [format!("members eq \"{grace}\""), format!("members[value eq \"{grace}\"]"), format!("id eq \"{id}\" and members eq \"{grace}\""), "displayName eq \"BERTHS\" and not (externalId pr)".to_owned()] {
            assert_eq!(directory.ids("Groups", &filter).await, std::slice::from_ref(&id), "{filter}");
        }
        let lean = directory.get("/Groups?excludedAttributes=members&filter=displayName%20eq%20%22Berths%22").await.body;
        assert_eq!((&lean["totalResults"], lean["Resources"][0].get("members")), (&json!(2), None));
        // Removed by path as Okta does, by value as Entra ID does; who is not in it is not missed.
        assert_eq!(directory.patch(&path, json!([{ "op": "remove", "path": format!("members[value eq \"{ada}\"]") }])).await.status, StatusCode::NO_CONTENT);
        assert_eq!(members().await, std::slice::from_ref(&grace));
        assert_eq!(directory.patch(&path, json!([{ "op": "Remove", "path": "members", "value": [{ "value": grace }, { "value": ada }] }])).await.status, StatusCode::NO_CONTENT);
        assert!(members().await.is_empty());
        let put = directory.ask(Method::PUT, &path, Some(json!({ "displayName": "Quays", "members": [{ "value": ada }, { "value": ada }] })), None).await;
        assert_eq!((put.status, &put.body["displayName"], put.body["members"].as_array().unwrap().len()), (StatusCode::OK, &json!("Quays"), 1));
        let renamed = directory.patch(&path, json!([{ "op": "replace", "value": { "id": id, "displayName": "Docks" } }])).await;
        assert_eq!(renamed.status, StatusCode::NO_CONTENT);
        let name = directory.ask(Method::PATCH, &format!("{path}?attributes=displayName"), Some(json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "displayName", "value": "Docks" }] })), None).await;
        assert_eq!((name.status, &name.body["displayName"], name.body.get("members")), (StatusCode::OK, &json!("Docks"), None));
        fault(&directory.patch(&path, json!([{ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }])).await, 400, "invalidValue");
        fault(&directory.patch(&path, json!([{ "op": "add", "path": "owners", "value": [] }])).await, 400, "invalidPath");
        fault(&directory.find("Groups", "members co 3 and title eq \"x\"").await, 400, "invalidFilter");
        // Who is deleted is in no group any more.
        assert_eq!(directory.ask(Method::DELETE, &format!("/Users/{ada}"), None, None).await.status, StatusCode::NO_CONTENT);
        assert!(members().await.is_empty());
        assert_eq!(directory.ask(Method::DELETE, &path, None, None).await.status, StatusCode::NO_CONTENT);
        fault(&directory.get(&path).await, 404, "");
        let audit = portal.json(&format!("/api/v1/audit?subject=scim-group:{id}")).await;
        let told: Vec<&Value> = audit["items"].as_array().unwrap().iter().collect();
        assert_eq!(told.first().unwrap()["kind"], "scim-group-deleted");
        assert!(told.iter().any(|entry| entry["detail"]["before"]["displayName"] == "Quays"));
        assert_eq!(told.last().unwrap()["detail"]["added"], json!([ada]));
    }

    async fn changes_at_the_same_time_are_all_made(portal) {
        let directory = Directory::new(&portal).await;
        let id = directory.ada().await;
        let path = format!("/Users/{id}");
        let one = |name: &'static str, value: &'static str| directory.patch(&path, json!([{ "op": "replace", "path": name, "value": value }]));
        let all = tokio::join!(one("title", "Pilot"), one("nickName", "A"), one("name.familyName", "Lovelace"), one("timezone", "Europe/London"));
        for said in [&all.0, &all.1, &all.2, &all.3] {
            assert_eq!(said.status, StatusCode::OK, "{}", said.body);
        }
        let person = directory.get(&path).await;
        assert_eq!((&person.body["title"], &person.body["nickName"], &person.body["name"]["familyName"], &person.body["timezone"]), (&json!("Pilot"), &json!("A"), &json!("Lovelace"), &json!("Europe/London")));
        // Of two who know the same version, one is told that it is no longer so.
        let tag = person.tag.unwrap();
        let with = |value: &'static str| directory.ask(Method::PATCH, &path, Some(json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "title", "value": value }] })), Some(&tag));
        let (first, second) = tokio::join!(with("First"), with("Second"));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        // Members come from several requests at once.
        let mut ids = Vec::new();
        for number in 0..6 {
            ids.push(directory.post("Users", json!({ "userName": format!("m{number}") })).await.body["id"].as_str().unwrap().to_owned());
        }
        let group = directory.post("Groups", json!({ "displayName": "Crew" })).await.body["id"].as_str().unwrap().to_owned();
        let path = format!("/Groups/{group}");
        let add = |id: &str| directory.patch(&path, json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]));
        let all = tokio::join!(add(&ids[0]), add(&ids[1]), add(&ids[2]), add(&ids[3]), add(&ids[4]), add(&ids[5]));
        for said in [&all.0, &all.1, &all.2, &all.3, &all.4, &all.5] {
            assert_eq!(said.status, StatusCode::NO_CONTENT, "{}", said.body);
        }
        let crew = directory.get(&path).await;
        assert_eq!((crew.body["members"].as_array().unwrap().len(), crew.tag.as_deref()), (6, Some("W/\"7\"")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_often_is_told_so_as_the_standard_has_it() {
    let portal = Portal::start_with(Backend::Sqlite, Options::default().set("LIMITS__REQUESTS_PER_SECOND", "1")).await;
    let directory = Directory::new(&portal).await;
    let mut last = directory.get("/Users").await;
    for _ in 0..20 {
        if last.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        last = directory.get("/Users").await;
    }
    assert_eq!((last.status, &last.body["status"]), (StatusCode::TOO_MANY_REQUESTS, &json!("429")), "{}", last.body);
    assert_eq!(last.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    let again = portal.request(Method::GET, "/scim/v2/Users").bearer_auth(&directory.token).send().await.unwrap();
    assert!(again.headers().contains_key(header::RETRY_AFTER));
}
