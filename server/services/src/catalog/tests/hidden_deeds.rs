//! What a policy hides is nobody's to act on who does not see it.

use domain::catalog::OrphanDeed;

use super::{
    hidden::{person, thing, world_with},
    *,
};
use crate::{Error, permission};

const SECRET: &str = "https://git.example/secret";
const MINE: &str = "https://git.example/mine";

fn told<T: std::fmt::Debug>(done: crate::Result<T>) -> String {
    match done {
        Err(Error::NotFound(why)) => why,
        other => panic!("it is told apart from what is not there: {other:?}"),
    }
}

#[tokio::test]
async fn nobody_decides_about_what_is_hidden_from_them() {
    let world = world_with(&[false]).await;
    let services = &world.services;
    world.write(
        SECRET,
        "catalog-info.yaml",
        &(thing("vault", "secret", "berths", "") + &thing("open", "", "berths", "")),
    );
    world.write(MINE, "catalog-info.yaml", &thing("vault", "", "harbour", ""));
    let (secret, mine) = (world.register(SECRET).await, world.register(MINE).await);
    let petra = person("petra", &["platform-engineer"], &["group:default/harbour"]);
    for name in ["component:default/vault", "component:default/not-there"] {
        let absent = format!("no entity `{name}` is in the catalog");
        let name: EntityRef = name.parse().unwrap();
        assert_eq!(told(catalog::settle_orphan(services, &petra, &name, OrphanDeed::Remove).await), absent);
        let handed = catalog::hand_over(services, &petra, &name, mine.id, "catalog-info.yaml").await;
        assert_eq!(told(handed), absent);
    }
    // Of all orphans of a source, theirs are those that they see.
    catalog::remove_source(services, &world.caller, secret.id, catalog::Entities::Orphan).await.unwrap();
    assert_eq!(catalog::settle_orphans_of(services, &petra, secret.id, OrphanDeed::Remove).await.unwrap(), 1);
    assert!(world.entity("component:vault").await.orphaned_at.is_some());
    // So it is with a source.
    let hiding = "forbid (principal, action == Action::\"readCatalog\", resource is Source) when { resource.target like \"*/mine\" } unless { principal in Role::\"administrator\" };";
    let name = "hide-mine".parse().unwrap();
    permission::save_policy(services, &world.caller, &name, (hiding, ""), None).await.unwrap();
    for id in [mine.id, sea_orm::prelude::Uuid::nil()] {
        let absent = format!("there is no source `{id}`; it may have been removed");
        assert_eq!(told(catalog::refresh(services, &petra, id).await), absent);
        assert_eq!(told(catalog::remove_source(services, &petra, id, catalog::Entities::Orphan).await), absent);
    }
    let boss = person("boss", &["administrator"], &[]);
    catalog::refresh(services, &boss, mine.id).await.unwrap();
}
