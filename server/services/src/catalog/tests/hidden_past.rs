//! What is hidden stays hidden in histories, whatever becomes of it.

use super::{
    hidden::{person, thing, world_with},
    *,
};

#[tokio::test]
async fn a_name_that_is_taken_over_does_not_open_its_past() {
    let world = world_with(&[true, false]).await;
    let services = &world.services;
    let owner = person("ada", &["viewer"], &["group:default/berths"]);
    let other = person("grace", &["viewer"], &["group:default/harbour"]);
    let history = async |caller: &Caller, name: &str| {
        let name: EntityRef = name.parse().unwrap();
        format!("{:?}", catalog::history(services, caller, &name, 100).await)
    };
    // That a hidden thing no longer depends on an open one is no change of that one for those who do not see it.
    let told = async |caller: &Caller| history(caller, "component:open-1").await.matches("entity-updated").count();
    let before = (told(&owner).await, told(&other).await);
    let rest = world.memory.0.lock().unwrap()[HERE]["catalog-info.yaml"].clone();
    world.write(HERE, "catalog-info.yaml", &rest.replace("  dependsOn: ['component:open-1']\n", ""));
    let source = catalog::sources(services, &world.caller).await.unwrap().remove(0);
    world.sync(&source).await;
    assert_eq!((told(&owner).await, told(&other).await), (before.0 + 1, before.1));

    // It leaves, and someone else declares its name as something that everybody sees.
    let without: String = rest.split_inclusive("---\n").filter(|document| !document.contains("hidden-0")).collect();
    world.write(HERE, "catalog-info.yaml", &without);
    world.sync(&source).await;
    world.write(THERE, "catalog-info.yaml", &thing("hidden-0", "plain", "harbour", ""));
    world.register(THERE).await;
    let (owners, others) = (history(&owner, "component:hidden-0").await, history(&other, "component:hidden-0").await);
    assert!(owners.contains("secret"), "{owners}");
    assert!(others.contains("plain") && !others.contains("secret"), "{others}");
}
