//! What the audit log and histories say of changes, and what they show of those who touch them.

use super::{
    hidden::{group, person, thing, world_with},
    *,
};
use crate::{Error, audit, permission};

#[tokio::test]
async fn an_audit_log_that_was_touched_shows_it() {
    use sea_orm::ConnectionTrait as _;
    let world = world_with(&[false, true]).await;
    let db = &world.services.db;
    audit::note(&world.services, &world.caller, audit::Happening::SignedIn, "ada", &serde_json::json!({}))
        .await
        .unwrap();
    let count = audit::verify(db).await.unwrap().unwrap();
    assert!(count > 3, "{count}");
    let broken = [
        ("UPDATE audit SET actor = 'someone else' WHERE seq = 2", "entry 2 was altered"),
        ("DELETE FROM audit WHERE seq = 3", "entry 3 is missing"),
        ("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)", "the chain ends at"),
        ("UPDATE changes SET \"after\" = '{}' WHERE seq = 2", "not as they were written"),
        ("DELETE FROM changes WHERE seq = 2", "missing"),
        ("UPDATE changes SET actor = 'someone else' WHERE seq = 2", "who did change 2"),
        ("UPDATE changes SET seq = 100000 WHERE seq = (SELECT MAX(seq) FROM changes)", "vouches for change 100000"),
        (
            "INSERT INTO changes SELECT tenant, 100001, at, actor, source, subject, kind, \"before\", \"after\" FROM changes WHERE seq = 2",
            "vouches for change 100001",
        ),
        (
            "INSERT INTO changes SELECT 'elsewhere', 1, at, actor, source, subject, kind, \"before\", \"after\" FROM changes WHERE seq = 2",
            "tenant `elsewhere`",
        ),
        ("UPDATE changes SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 2", "who did change 2"),
    ];
    for (deed, told) in broken {
        let tx = sea_orm::TransactionTrait::begin(db).await.unwrap();
        tx.execute_unprepared("CREATE TABLE kept_audit AS SELECT * FROM audit").await.unwrap();
        tx.execute_unprepared("CREATE TABLE kept_changes AS SELECT * FROM changes").await.unwrap();
        tx.execute_unprepared(deed).await.unwrap();
        tx.commit().await.unwrap();
        let found = audit::verify(db).await.unwrap().unwrap_err();
        assert!(found.contains(told), "{deed}: {found}");
        for back in [
            "DELETE FROM audit",
            "INSERT INTO audit SELECT * FROM kept_audit",
            "DELETE FROM changes",
            "INSERT INTO changes SELECT * FROM kept_changes",
            "DROP TABLE kept_audit",
            "DROP TABLE kept_changes",
        ] {
            db.execute_unprepared(back).await.unwrap();
        }
        assert_eq!(audit::verify(db).await.unwrap(), Ok(count));
    }
    // The end can be taken away so that the chain is whole: the rest of the database knows that there was more.
    let last = "(SELECT MAX(seq) FROM audit WHERE \"first\" IS NOT NULL)";
    db.execute_unprepared(&format!("DELETE FROM audit WHERE seq >= {last}")).await.unwrap();
    let end = "(SELECT MAX(seq) FROM audit)";
    let shorter = format!("UPDATE audit_heads SET seq = {end}, hash = (SELECT hash FROM audit WHERE seq = {end})");
    db.execute_unprepared(&shorter).await.unwrap();
    let found = audit::verify(db).await.unwrap().unwrap_err();
    assert!(found.contains("the end of the log is missing"), "{found}");
    db.execute_unprepared("DELETE FROM audit").await.unwrap();
    db.execute_unprepared("DELETE FROM audit_heads").await.unwrap();
    let found = audit::verify(db).await.unwrap().unwrap_err();
    assert!(found.contains("the end of the log is missing"), "{found}");
}

#[tokio::test]
async fn what_is_hidden_from_someone_is_not_theirs_to_take_away() {
    let world = world_with(&[false, true]).await;
    let name = "component:default/hidden-1";
    let uid = world.entity(name).await.uid;
    let grace = person("grace", &["administrator"], &["group:default/harbour"]);
    let refused = crate::catalog::remove_entity(&world.services, &grace, uid).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("no entity with the uid `{uid}` is in the catalog"));
    assert_eq!(world.entity(name).await.uid, uid);
}

#[tokio::test]
async fn what_many_changes_at_once_did_is_found_and_shown_to_its_end() {
    let world = World::new().await;
    let mut text = String::new();
    for number in 0..130 {
        text += &thing(&format!("bulk-{number:03}"), "plain", "berths", "");
    }
    world.write(HERE, "catalog-info.yaml", &text);
    world.register(HERE).await;
    let (services, admin) = (&world.services, &world.caller);
    for filter in [
        audit::AuditFilter { subject: "component:default/bulk-129".to_owned(), ..audit::AuditFilter::default() },
        audit::AuditFilter { kind: "entity-created".to_owned(), ..audit::AuditFilter::default() },
    ] {
        let found = audit::entries(services, admin, &filter, None, 10).await.unwrap();
        assert_eq!(found.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(), ["changes"]);
        let (entry, first, next) = audit::entry(services, admin, found[0].seq, None).await.unwrap();
        assert_eq!((first.len(), next), (100, entry.changes.map(|(first, _)| first + 100)));
        let (_, rest, end) = audit::entry(services, admin, entry.seq, next).await.unwrap();
        assert!(end.is_none() && rest.iter().any(|change| change.subject.ends_with("bulk-129")));
    }
    // What a role or a policy was and is stands in its own entry, and so in whatever is made of the log.
    let (role, team) = ("platform-engineer".parse().unwrap(), "group:harbour".parse().unwrap());
    permission::give_role(services, admin, &role, &team).await.unwrap();
    let filter = audit::AuditFilter { kind: "role-given".to_owned(), ..audit::AuditFilter::default() };
    let given = audit::entries(services, admin, &filter, None, 1).await.unwrap().remove(0);
    assert!(given.detail.to_string().contains("group:default/harbour"), "{given:?}");
}

#[tokio::test]
async fn a_hidden_thing_that_gets_another_name_is_named_nowhere() {
    let world = world_with(&[false, true]).await;
    let (grace, ada) = (
        person("grace", &["viewer"], &["group:default/harbour"]),
        person("ada", &["viewer"], &["group:default/berths"]),
    );
    let services = &world.services;
    let source = catalog::sources(services, &world.caller).await.unwrap().remove(0);
    let declare = async |name: &str| {
        let tied = thing(name, "secret", "berths", "  dependsOn: [component:open-0]\n");
        let text = group("berths") + &group("harbour") + &thing("open-0", "plain", "berths", "") + &tied;
        world.write(HERE, "catalog-info.yaml", &text);
        world.sync(&source).await;
        world.entity(&format!("component:{name}")).await.uid
    };
    let uid = declare("before").await;
    assert_eq!(declare("after").await, uid, "it is the same one");
    let open: EntityRef = "component:open-0".parse().unwrap();
    let told = async |caller: &Caller| format!("{:?}", catalog::history(services, caller, &open, 50).await.unwrap());
    let (seen, hidden) = (told(&ada).await, told(&grace).await);
    assert!(seen.contains("component:default/before") && seen.contains("component:default/after"), "{seen}");
    assert!(!hidden.contains("component:default/before") && !hidden.contains("component:default/after"), "{hidden}");
    let before: EntityRef = "component:before".parse().unwrap();
    assert_eq!(catalog::renamed_to(services, &ada, &before).await.unwrap().unwrap().name(), "after");
    assert!(matches!(catalog::renamed_to(services, &grace, &before).await, Err(Error::NotFound(_)) | Ok(None)));
}
