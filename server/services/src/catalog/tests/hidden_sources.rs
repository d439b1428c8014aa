//! Where a policy hides a source, nothing that is wrong in it is told.

use domain::{catalog::TroubleFilter, identity::RoleName};

use super::{
    hidden::{person, world_with},
    *,
};
use crate::{Error, permission};

const HIDING: &str = r#"forbid (principal, action == Action::"readCatalog", resource is Source)
when { resource.target like "*mixed*" }
unless { principal in Role::"administrator" };"#;

#[tokio::test]
async fn what_is_wrong_in_a_hidden_source_is_told_to_nobody_else() {
    let world = world_with(&[false]).await;
    let services = &world.services;
    let wrong =
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: 'a b' }\nspec: { owner: berths }\n";
    world.write("https://git.example/mixed", "catalog-info.yaml", wrong);
    let source = world.register("https://git.example/mixed").await;
    let ada = person("ada", &["viewer"], &["group:default/berths"]);
    let boss = person("boss", &["administrator"], &["group:default/berths"]);
    let told = async |caller: &Caller| {
        let filter = TroubleFilter { limit: 100, ..TroubleFilter::default() };
        catalog::troubles(services, caller, &filter).await.unwrap().total
    };
    let all = told(&boss).await;
    assert!(all > 0);
    assert_eq!(told(&ada).await, all);
    let name: RoleName = "hide-mixed".parse().unwrap();
    permission::save_policy(services, &world.caller, &name, (HIDING, ""), None).await.unwrap();
    assert_eq!((told(&ada).await, told(&boss).await), (0, all));
    // It is answered like one that is not there.
    let missing = catalog::source(services, &ada, source.id).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound(_)), "{missing}");
    assert!(catalog::source(services, &boss, source.id).await.is_ok());
    // Whoever asks about something else goes on without it.
    assert!(catalog::source_alone(services, &ada, source.id).await.unwrap().is_none());
    let news = changes::read(services, &ada, 0, 1_000).await.unwrap();
    assert!(news.iter().any(|change| change.kind == changes::HIDDEN));
    assert!(news.iter().all(|change| change.source != source.id.to_string()), "{news:?}");
}
