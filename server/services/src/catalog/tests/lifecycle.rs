//! What becomes of things whose source lets go of them, renames them, or quarrels over them.

use chrono::{Days, Utc};
use domain::catalog::{KeptText, NewSource, OrphanDeed, SourceKind, TroubleFilter};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, prelude::Expr};

use super::*;
use crate::{Error, catalog::rows::entity};

impl World {
    pub(super) async fn with_grace(days: u32) -> Self {
        let mut world = Self::new().await;
        let mut settings = (*world.services.settings).clone();
        settings.catalog.orphan_days = days;
        world.services.settings = Arc::new(settings);
        world
    }

    pub(super) async fn is_there(&self, reference: &str) -> bool {
        let asked = catalog::entity(&self.services, &self.caller, &reference.parse().unwrap()).await;
        !matches!(asked, Err(Error::NotFound(_)))
    }

    /// Makes an orphan older than it is.
    pub(super) async fn age(&self, reference: &str, days: u64) {
        let at = Utc::now().checked_sub_days(Days::new(days)).unwrap();
        let aged = entity::Entity::update_many()
            .col_expr(entity::Column::OrphanedAt, Expr::value(Some(at)))
            .filter(entity::Column::Reference.eq(reference));
        assert_eq!(aged.exec(&self.services.db).await.unwrap().rows_affected, 1);
    }

    pub(super) async fn settle(&self, reference: &str, deed: OrphanDeed) -> crate::Result<()> {
        catalog::settle_orphan(&self.services, &self.caller, &reference.parse().unwrap(), deed).await
    }

    /// `path>owner` of each trouble.
    async fn troubles(&self) -> String {
        let filter = TroubleFilter { limit: 100, ..TroubleFilter::default() };
        let part = catalog::troubles(&self.services, &self.caller, &filter).await.unwrap();
        let owner = |owner: Option<EntityRef>| owner.map_or("nobody".into(), |owner| owner.short());
        part.rows
            .into_iter()
            .map(|trouble| format!("{}:{}>{}", trouble.path, trouble.problem.line.unwrap_or(0), owner(trouble.owner)))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

#[tokio::test]
async fn a_source_that_was_kept_as_it_was_typed_is_spelt_like_all_others() {
    use sea_orm::ConnectionTrait as _;
    let world = World::new().await;
    let (first, second) = ("https://a.example/x.yaml", "https://a.example/y.yaml");
    for target in [first, second] {
        world.write(
            target,
            "catalog-info.yaml",
            &component(target.rsplit('/').next().unwrap().trim_end_matches(".yaml"), ""),
        );
        world.register(target).await;
    }
    // As an earlier release left them: one by itself, and one beside another of the same place.
    for (target, typed) in [(first, "HTTPS://A.example:443/./x.yaml"), (second, "https://a.example:443/x.yaml")] {
        let sql = format!("UPDATE sources SET target = '{typed}' WHERE target = '{target}'");
        world.services.db.execute_unprepared(&sql).await.unwrap();
    }
    catalog::respell(&world.services).await;
    let sources = catalog::sources(&world.services, &world.caller).await.unwrap();
    let targets: Vec<&str> = sources.iter().map(|source| source.target.as_str()).collect();
    assert_eq!(targets, [first, "https://a.example:443/x.yaml"], "the second place is taken, and told of in the log");
}

#[tokio::test]
async fn a_new_name_at_the_same_place_is_the_same_thing() {
    let world = World::new().await;
    let user = component("web", "  dependsOn: [component:gate]\n");
    world.write(HERE, "catalog-info.yaml", &(component("gate", "") + &user));
    let source = world.register(HERE).await;
    let (uid, before) = (world.entity("component:gate").await.uid, world.last().await);
    let then = Utc::now();
    world.write(HERE, "catalog-info.yaml", &(component("boarding-gate", "") + &user));
    world.sync(&source).await;
    // Whom the name meant then is known, whoever bears it later.
    let since =
        async |at| catalog::since(&world.services, &world.caller.tenant, "component:default/gate", at).await.unwrap();
    assert_eq!(since(then).await, catalog::Since::Called("component:default/boarding-gate".to_owned()));
    assert_eq!(since(Utc::now()).await, catalog::Since::Same);
    // One row says it; the one that named it says that it misses it.
    insta::assert_snapshot!(world.told(before).await, @"
    entity-renamed component:default/boarding-gate
    entity-updated component:default/web
    ");
    let renamed = changes::read(&world.services, &world.caller, before, 10).await.unwrap();
    let renamed = renamed.into_iter().find(|change| change.kind == "entity-renamed").unwrap();
    assert_eq!(renamed.before.unwrap()["metadata"]["name"], "gate");
    assert_eq!(renamed.after.unwrap()["metadata"]["name"], "boarding-gate");
    assert_eq!(world.entity("component:boarding-gate").await.uid, uid);
    assert_eq!(world.found("kind=component").await, "component:default/boarding-gate component:default/web");
    let (gate, other) = (EntityRef::new("component", "default", "gate"), "component:none".parse().unwrap());
    assert!(!world.is_there("component:gate").await);
    let to = catalog::renamed_to(&world.services, &world.caller, &gate).await.unwrap();
    assert_eq!(to.map(|to| to.to_string()).as_deref(), Some("component:default/boarding-gate"));
    assert_eq!(catalog::renamed_to(&world.services, &world.caller, &other).await.unwrap(), None);
    // Its history goes on, and is not mixed with that of one that takes the old name later.
    world.write(THERE, "catalog-info.yaml", &component("gate", ""));
    world.register(THERE).await;
    let of = |name: &str| EntityRef::new("component", "default", name);
    let told = async |name: EntityRef| {
        let changes = catalog::history(&world.services, &world.caller, &name, 10).await.unwrap();
        changes.into_iter().map(|change| format!("{} {}", change.kind, change.subject)).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(told(of("boarding-gate")).await, @"
    entity-renamed component:default/boarding-gate
    entity-created component:default/gate
    ");
    assert_ne!(world.entity("component:gate").await.uid, uid);
}

#[tokio::test]
async fn what_moved_came_or_was_mended_is_no_rename_unless_it_is_one() {
    let world = World::new().await;
    let file = |names: &[&str]| names.iter().map(|name| component(name, "")).collect::<String>();
    world.write(HERE, "catalog-info.yaml", &file(&["a", "b"]));
    let source = world.register(HERE).await;
    let step = async |text: String| {
        let before = world.last().await;
        world.write(HERE, "catalog-info.yaml", &text);
        world.sync(&source).await;
        world.told(before).await
    };
    assert_eq!(step(file(&["b", "a"])).await, "");
    assert_eq!(step(file(&["c", "b", "a"])).await, "entity-created component:default/c");
    // Two at once, which say the same but for their names: which is which cannot be told.
    insta::assert_snapshot!(step(file(&["c", "x", "y"])).await, @"
    entity-orphaned component:default/a
    entity-orphaned component:default/b
    entity-created component:default/x
    entity-created component:default/y
    ");
    // Broken, then mended under another name.
    assert_eq!(step(component("c", "  system: [}\n") + &file(&["x", "y"])).await, "entity-updated component:default/c");
    assert_eq!(step(file(&["d", "x", "y"])).await, "entity-renamed component:default/d");
    // The name of an orphan is a known one.
    insta::assert_snapshot!(step(file(&["d", "b", "y"])).await, @"
    entity-updated component:default/b
    entity-orphaned component:default/x
    ");
}

#[tokio::test]
async fn orphans_have_their_time_and_can_be_kept_or_removed() {
    let world = World::with_grace(14).await;
    let file = |names: &[&str]| names.iter().map(|name| component(name, "")).collect::<String>();
    world.write(HERE, "catalog-info.yaml", &file(&["a", "b", "c", "d", "e"]));
    let source = world.register(HERE).await;
    world.write(HERE, "catalog-info.yaml", &file(&["a"]));
    world.sync(&source).await;
    assert!(matches!(world.settle("component:a", OrphanDeed::Remove).await, Err(Error::Conflict(_))));
    let before = world.last().await;
    world.settle("component:b", OrphanDeed::Keep).await.unwrap();
    world.settle("component:b", OrphanDeed::Keep).await.unwrap();
    world.settle("component:c", OrphanDeed::Remove).await.unwrap();
    assert_eq!(world.told(before).await, "entity-kept component:default/b\nentity-removed component:default/c");
    for name in ["b", "d"] {
        world.age(&format!("component:default/{name}"), 15).await;
    }
    world.age("component:default/e", 13).await;
    let before = world.last().await;
    for removed in [1, 0] {
        assert_eq!(catalog::remove_lapsed(&world.services, &world.caller).await.unwrap(), removed);
    }
    assert_eq!(world.told(before).await, "entity-removed component:default/d");
    let orphans = catalog::orphans(&world.services, &world.caller, Some(source.id), (0, 10)).await.unwrap();
    let told = orphans.rows.iter().map(|orphan| (orphan.reference.name(), orphan.kept.is_some())).collect::<Vec<_>>();
    assert_eq!((told, orphans.total), (vec![("b", true), ("e", false)], 2));
    // Declared again, it is kept no longer: the next time it has its grace anew.
    world.write(HERE, "catalog-info.yaml", &file(&["a", "b"]));
    world.sync(&source).await;
    world.write(HERE, "catalog-info.yaml", &file(&["a"]));
    world.sync(&source).await;
    world.age("component:default/b", 15).await;
    assert_eq!(catalog::remove_lapsed(&world.services, &world.caller).await.unwrap(), 1);
}

#[tokio::test]
async fn without_grace_they_leave_at_once() {
    let world = World::with_grace(0).await;
    world.write(HERE, "catalog-info.yaml", &(component("a", "") + &component("b", "")));
    let source = world.register(HERE).await;
    world.write(HERE, "catalog-info.yaml", &component("a", ""));
    let before = world.last().await;
    world.sync(&source).await;
    assert_eq!(world.told(before).await, "entity-removed component:default/b");
}

#[tokio::test]
async fn a_source_that_is_registered_again_finds_its_things() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &component("a", ""));
    let source = world.register(HERE).await;
    let uid = world.entity("component:a").await.uid;
    let before = world.last().await;
    catalog::remove_source(&world.services, &world.caller, source.id, catalog::Entities::Orphan).await.unwrap();
    assert_eq!(world.told(before).await, "entity-orphaned component:default/a");
    let orphan =
        catalog::orphan(&world.services, &world.caller, &"component:a".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((orphan.is_registered, orphan.target.as_str()), (false, HERE));
    let again = world.register(HERE).await;
    let entity = world.entity("component:a").await;
    assert_eq!((entity.uid, entity.source, entity.orphaned_at), (uid, Some(again.id), None));
}

#[tokio::test]
async fn a_name_that_becomes_free_is_offered_to_those_who_wait_in_the_order_of_their_claims() {
    let world = World::new().await;
    let mut sources = Vec::new();
    for number in 0..5 {
        let place = format!("https://git.example/{number}");
        world.write(&place, "catalog-info.yaml", &component("tides", ""));
        sources.push(world.register(&place).await.id);
    }
    assert!(world.asked_to_sync_later().await.is_empty());
    catalog::remove_source(&world.services, &world.caller, sources[0], catalog::Entities::Orphan).await.unwrap();
    assert_eq!(world.asked_to_sync_later().await, sources[2..]);
    // The one that waited longest has it, and the others see so.
    for source in [sources[1], sources[4]] {
        catalog::sync(&world.services, &world.caller, source).await.unwrap();
    }
    assert_eq!(world.entity("component:tides").await.source, Some(sources[1]));
    // Who was synced first since then has not waited longer for that, nor has who moved its file.
    let location =
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: top}\nspec: {target: ./moved.yaml}\n";
    world.write("https://git.example/2", "catalog-info.yaml", location);
    world.write("https://git.example/2", "moved.yaml", &component("tides", ""));
    for source in [sources[3], sources[2]] {
        catalog::sync(&world.services, &world.caller, source).await.unwrap();
    }
    let disputes = catalog::disputes(&world.services, &world.caller, (0, 10)).await.unwrap().rows;
    let mut claims: Vec<_> = disputes.iter().map(|dispute| (dispute.since, dispute.claimer.source)).collect();
    claims.sort();
    assert_eq!(claims.into_iter().map(|(_, source)| source).collect::<Vec<_>>(), sources[2..]);
}

#[tokio::test]
async fn a_name_can_be_handed_over_and_stays_where_it_went() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &component("tides", "").replace("service", "website"));
    world.write(THERE, "catalog-info.yaml", &component("tides", ""));
    let (first, second) = (world.register(HERE).await, world.register(THERE).await);
    let dispute = catalog::disputes(&world.services, &world.caller, (0, 10)).await.unwrap().rows.pop().unwrap();
    assert_eq!((dispute.holder.source, dispute.claimer.source), (first.id, second.id));
    assert!(dispute.since.is_some() && dispute.holder.target == HERE);
    let uid = world.entity("component:tides").await.uid;
    let before = world.last().await;
    let tides: EntityRef = "component:tides".parse().unwrap();
    let hand =
        async |to: &Source, path: &str| catalog::hand_over(&world.services, &world.caller, &tides, to.id, path).await;
    hand(&second, "catalog-info.yaml").await.unwrap();
    assert!(world.told(before).await.starts_with("entity-handed-over component:default/tides\nentity-updated"));
    for source in [&first, &second, &first] {
        world.sync(source).await;
        let entity = world.entity("component:tides").await;
        assert_eq!((entity.source, entity.text("/spec/type")), (Some(second.id), Some("service")));
        assert_eq!(entity.uid, uid);
    }
    let disputes = catalog::disputes_of(&world.services, &world.caller, first.id).await.unwrap();
    assert_eq!((disputes.len(), disputes[0].holder.source), (1, second.id));
    assert!(matches!(hand(&second, "catalog-info.yaml").await, Err(Error::Conflict(_))));
    // Mended in the file: no longer a dispute.
    world.write(HERE, "catalog-info.yaml", &component("quay", ""));
    world.sync(&first).await;
    assert_eq!(catalog::disputes(&world.services, &world.caller, (0, 10)).await.unwrap().total, 0);
}

#[tokio::test]
async fn within_a_source_the_first_file_keeps_a_name_until_it_is_handed_over() {
    let world = World::new().await;
    let location = |targets: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: top}}\nspec: {{targets: [{targets}]}}\n"
        )
    };
    world.write(HERE, "catalog-info.yaml", &location("./b.yaml"));
    world.write(HERE, "b.yaml", &component("tides", ""));
    let source = world.register(HERE).await;
    world.write(HERE, "a.yaml", &component("tides", "").replace("service", "website"));
    world.write(HERE, "catalog-info.yaml", &location("./a.yaml, ./b.yaml"));
    world.sync(&source).await;
    assert_eq!(world.entity("component:tides").await.text("/spec/type"), Some("service"));
    let tides: EntityRef = "component:tides".parse().unwrap();
    catalog::hand_over(&world.services, &world.caller, &tides, source.id, "a.yaml").await.unwrap();
    world.sync(&source).await;
    assert_eq!(world.entity("component:tides").await.text("/spec/type"), Some("website"));
    // What breaks within a source yields to what is whole.
    world.write(HERE, "a.yaml", "kind: [");
    world.sync(&source).await;
    assert_eq!(world.entity("component:tides").await.text("/spec/type"), Some("service"));
}

#[tokio::test]
async fn a_rejected_document_claims_nothing() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &component("tides", "").replace("owner: berths", "owner: ''"));
    world.write(THERE, "catalog-info.yaml", &component("tides", ""));
    let first = world.register(HERE).await;
    assert_eq!((first.entities, first.rejected), (0, 1));
    let second = world.register(THERE).await;
    assert_eq!(world.entity("component:tides").await.source, Some(second.id));
    assert_eq!(catalog::disputes(&world.services, &world.caller, (0, 10)).await.unwrap().total, 0);
}

#[tokio::test]
async fn a_trouble_belongs_to_whom_the_document_or_what_is_around_it_says() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &component("a", ""));
    let source = world.register(HERE).await;
    // Not readable: as the last good version says.
    world.write(HERE, "catalog-info.yaml", &component("a", "  system: [}\n"));
    world.sync(&source).await;
    assert_eq!(world.troubles().await, "catalog-info.yaml:9>berths");
    // The document says it itself, broken as it is.
    let broken = component("a b", "").replace("berths", "tides");
    world.write(HERE, "catalog-info.yaml", &(component("a", "") + &broken));
    world.sync(&source).await;
    assert_eq!(world.troubles().await, "catalog-info.yaml:13>tides");
    // New and not readable: whose the others in the file are.
    world.write(HERE, "catalog-info.yaml", &(component("a", "") + "kind: [\n"));
    world.sync(&source).await;
    assert_eq!(world.troubles().await, "catalog-info.yaml:10>berths");
    world.write(THERE, "catalog-info.yaml", "kind: [\n");
    world.register(THERE).await;
    assert_eq!(world.troubles().await, "catalog-info.yaml:10>berths catalog-info.yaml:1>nobody");
    let counts = catalog::trouble_counts(&world.services, &world.caller, &TroubleFilter::default()).await.unwrap();
    assert_eq!(counts.len(), 2);
    let filter = TroubleFilter { owner: "nobody".into(), limit: 10, ..TroubleFilter::default() };
    assert_eq!(catalog::troubles(&world.services, &world.caller, &filter).await.unwrap().total, 1);
}

#[tokio::test]
async fn the_text_of_a_rejected_file_is_kept_when_its_source_is_gone() {
    let world = World::new().await;
    let text = component("a", "  system: [}\n");
    world.write(HERE, "catalog-info.yaml", &text);
    let source = world.register(HERE).await;
    world.memory.0.lock().unwrap().clear();
    let source = world.sync(&source).await;
    assert!(source.problem.is_some());
    let kept = |path: &'static str| catalog::kept_text(&world.services, &world.caller, source.id, path);
    let KeptText { first_line, text: kept_text, problems, .. } = kept("catalog-info.yaml").await.unwrap();
    assert_eq!((first_line, kept_text.as_str(), problems[0].line), (1, text.as_str(), Some(9)));
    assert!(matches!(kept("other.yaml").await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn the_last_fifty_syncs_are_remembered() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &component("a", ""));
    let source = world.register(HERE).await;
    for _ in 0..50 {
        world.sync(&source).await;
    }
    world.memory.0.lock().unwrap().clear();
    world.sync(&source).await;
    let syncs = catalog::syncs_of(&world.services, &world.caller, source.id).await.unwrap();
    assert_eq!((syncs.len(), syncs[0].changed(), syncs[0].read), (50, 0, 1));
    assert!(syncs[49].problem.is_some() && syncs[48].problem.is_none());
    assert!(syncs.is_sorted_by_key(|sync| sync.started_at));
}

#[tokio::test]
async fn a_source_that_is_being_read_can_be_pointed_elsewhere_and_removed() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &component("gate", ""));
    let source = world.register(HERE).await;
    let turns = world.services.catalog.turns(source.id);
    let _turns = (turns.whole.lock().await, turns.pushed.close().await);
    let elsewhere = NewSource::new(SourceKind::Url, THERE);
    catalog::retarget(&world.services, &world.caller, source.id, elsewhere).await.unwrap();
    catalog::remove_source(&world.services, &world.caller, source.id, catalog::Entities::Remove).await.unwrap();
    assert_eq!(world.found("kind").await, "");
}

#[tokio::test]
async fn a_place_is_registered_once_however_it_is_spelt() {
    let world = World::new().await;
    for (kind, spellings) in [
        (SourceKind::File, ["/srv/catalog", "/srv/catalog/", "/srv/./catalog//"]),
        (SourceKind::Git, ["https://git.example/a/b.git", "https://git.example/a/b/", "HTTPS://Git.Example/a/b"]),
        (SourceKind::Url, ["https://git.example/A?b=C/", "HTTPS://git.example/A?b=C/", "https://GIT.example/A?b=C/"]),
    ] {
        let mut told = Vec::new();
        for target in spellings {
            let new = NewSource::new(kind, target);
            told.push(catalog::register(&world.services, &world.caller, new).await.map(|source| source.target).ok());
        }
        assert_eq!(told, [Some(spellings[0].to_owned()), None, None]);
    }
}
