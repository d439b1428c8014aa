//! Addresses that people copy from a forge of their own.

use super::*;

const REPOSITORY: &str = "https://git.example/acme/mono.git";

impl World {
    async fn add(&self, kind: SourceKind, target: &str) -> crate::Result<Source> {
        catalog::register(&self.services, &self.caller, NewSource::new(kind, target)).await
    }

    /// The entities that an address is found to declare.
    async fn analyzed(&self, target: &str) -> crate::Result<Vec<String>> {
        let new = NewSource::new(SourceKind::Url, target);
        let found = catalog::analyze(&self.services, &self.caller, new, None).await?;
        Ok(found.existing.into_iter().map(|found| found.document["metadata"]["name"].to_string()).collect())
    }
}

#[tokio::test]
async fn a_page_is_one_of_a_repository_where_its_server_is_known() {
    for (kind, target) in [
        (SourceKind::GitHub, "https://git.example/other"),
        (SourceKind::GitLab, "https://git.example/other/group"),
        (SourceKind::Gitea, "https://git.example/other"),
        (SourceKind::Git, "https://git.example/other/thing"),
        (SourceKind::Git, "ssh://git@git.example/other/thing.git"),
        (SourceKind::Git, "https://git.example/acme/mono"),
    ] {
        let world = World::new().await;
        world.write(REPOSITORY, "catalog-info.yaml", &component("tern", ""));
        let page = "https://git.example/acme/mono/";
        assert!(world.analyzed(page).await.is_err(), "nothing is known of the server");
        world.add(kind, target).await.unwrap();
        assert_eq!(world.analyzed(page).await.unwrap(), ["\"tern\""], "{target}");
        let source = world.add(SourceKind::Url, page).await.unwrap();
        assert_eq!((source.target.as_str(), source.kind), (REPOSITORY, SourceKind::Url));
        // It is found again by either address.
        for address in [page, REPOSITORY] {
            let new = NewSource::new(SourceKind::Url, address);
            assert_eq!(catalog::find(&world.services, &world.caller, &new).await.unwrap().unwrap().id, source.id);
            assert!(matches!(world.add(SourceKind::Url, address).await, Err(crate::Error::Conflict(_))));
        }
    }
}

#[tokio::test]
async fn what_is_no_page_of_a_repository_is_read_as_it_stands() {
    let world = World::new().await;
    let before = world.add(SourceKind::Url, "https://git.example/acme/told").await.unwrap();
    world.add(SourceKind::GitHub, "https://git.example/acme").await.unwrap();
    world.add(SourceKind::GitHub, "https://github.com/acme").await.unwrap();
    for target in [
        "https://git.example/acme/catalog-info.yaml",
        "https://git.example/acme/mono/blob/main/x.yaml",
        "https://git.example/acme/mono/files",
        "https://git.example/acme/mono?tab=readme",
        "https://git.example:8443/acme/mono",
        "https://pages.example/acme/mono",
        "https://github.com/acme/mono",
    ] {
        assert_eq!(world.add(SourceKind::Url, target).await.unwrap().target, target);
    }
    let new = NewSource::new(SourceKind::Url, before.target.as_str());
    assert_eq!(catalog::find(&world.services, &world.caller, &new).await.unwrap().unwrap().id, before.id);
}
