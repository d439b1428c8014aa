//! What is as it was is not looked at again, and nobody sees a difference.

use domain::catalog::TroubleFilter;
use proptest::prelude::*;
use sea_orm::{ConnectionTrait, Statement};

use super::*;

/// A repository, which names the content of its files without their being read.
const REPOSITORY: &str = "https://a.example/all.git";

const PARTS: &str = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: parts}\nspec: {target: './parts/*.yaml'}\n---\n";

const KIND: &str = "apiVersion: causeway.dev/v1alpha1\nkind: EntityKind\nmetadata: {name: vessel}\nspec:\n  names: {kind: Vessel}\n  schema: {type: object, required: [port]}\n---\n";

const VESSEL: &str = "apiVersion: fleet.example/v1\nkind: Vessel\nmetadata: {name: heron}\nspec: {port: quay}\n---\n";

impl World {
    /// The files that a sync reads.
    async fn reads(&self, source: &Source) -> String {
        self.memory.1.lock().unwrap().clear();
        self.sync(source).await;
        let mut read = std::mem::take(&mut *self.memory.1.lock().unwrap());
        read.sort();
        read.join(" ")
    }

    async fn rows(&self, sql: &str) -> Vec<String> {
        let sql = Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        let rows = self.services.db.query_all_raw(sql).await.unwrap();
        rows.iter().map(|row| row.try_get::<String>("", "told").unwrap()).collect()
    }

    /// Has the next sync look at every file.
    async fn forget(&self) {
        self.services.db.execute_unprepared("UPDATE source_files SET judged = NULL").await.unwrap();
    }

    /// All that people can see of the catalog but for times and ids.
    pub(super) async fn picture(&self, sources: &[Source]) -> String {
        let entities = "SELECT ref || ' ' || etag || ' ' || path || ' ' || (orphaned_at IS NULL) AS told FROM entities ORDER BY ref";
        let conflicts = "SELECT ref || ' ' || path || ' ' || owner_path AS told FROM conflicts ORDER BY ref, path";
        let relations = "SELECT source_ref || type || target_ref || declared_by AS told FROM relations ORDER BY 1";
        let texts = "SELECT path || ' ' || hash AS told FROM source_texts ORDER BY source_id, path";
        let mut picture = Vec::new();
        for sql in [entities, conflicts, relations, texts] {
            picture.extend(self.rows(sql).await);
        }
        for source in sources {
            let trace = catalog::source(&self.services, &self.caller, source.id).await.unwrap().source;
            picture.push(format!("{} {} {} {}", trace.entities, trace.files, trace.rejected, trace.warned));
            picture.push(self.trace(source).await);
        }
        let filter = TroubleFilter { limit: 500, ..TroubleFilter::default() };
        let troubles = catalog::troubles(&self.services, &self.caller, &filter).await.unwrap().rows;
        picture.extend(troubles.into_iter().map(|trouble| {
            format!("{} {} {:?} {:?}", trouble.path, trouble.problem, trouble.reference, trouble.owner)
        }));
        picture.join("\n")
    }
}

#[tokio::test]
async fn what_is_as_it_was_is_neither_read_nor_written() {
    let world = World::new().await;
    world.write(REPOSITORY, "catalog-info.yaml", PARTS);
    for number in 0..4 {
        let text =
            component(&format!("a{number}"), "  dependsOn: [component:gone]\n") + &component(&format!("b{number}"), "");
        world.write(REPOSITORY, &format!("parts/{number}.yaml"), &text);
    }
    let source = world.register(REPOSITORY).await;
    assert_eq!(source.entities, 9);
    let rows = "SELECT ref || etag || hash || changed_at || document AS told FROM entities ORDER BY ref";
    let files = "SELECT path || position || outcome || problems || documents || coalesce(judged, '-') AS told FROM source_files ORDER BY position";
    let (before, entities, traces) = (world.last().await, world.rows(rows).await, world.rows(files).await);
    // Only the file that leads to the others.
    assert_eq!(world.reads(&source).await, "catalog-info.yaml");
    assert_eq!(world.told(before).await, "");
    assert_eq!((world.rows(rows).await, world.rows(files).await), (entities, traces));
    let again = catalog::source(&world.services, &world.caller, source.id).await.unwrap().source;
    assert_eq!((again.entities, again.files), (9, 5));

    world.write(REPOSITORY, "parts/2.yaml", &(component("a2", "") + &component("new", "")));
    let before = world.last().await;
    assert_eq!(world.reads(&source).await, "catalog-info.yaml parts/2.yaml");
    insta::assert_snapshot!(world.told(before).await, @"
    entity-updated component:default/a2
    entity-renamed component:default/new
    ");
    // A file of a folder is read to see whether it is the same, and no more than that.
    world.write(HERE, "catalog-info.yaml", &component("plain", ""));
    let plain = world.register(HERE).await;
    assert_eq!(world.reads(&plain).await, "catalog-info.yaml");
}

#[tokio::test]
async fn what_a_placeholder_brings_is_part_of_its_file() {
    let world = World::new().await;
    world.write(REPOSITORY, "catalog-info.yaml", &component("a", "  definition: {$text: ./texts/a.txt}\n"));
    world.write(REPOSITORY, "texts/a.txt", "one");
    let source = world.register(REPOSITORY).await;
    assert_eq!(world.reads(&source).await, "");
    world.write(REPOSITORY, "texts/a.txt", "two");
    assert_eq!(world.reads(&source).await, "catalog-info.yaml texts/a.txt");
    assert_eq!(world.entity("component:a").await.text("/spec/definition"), Some("two"));
    // What stands at an address elsewhere is asked for each time.
    world.write(THERE, "catalog-info.yaml", "far");
    world.write(REPOSITORY, "catalog-info.yaml", &component("a", &format!("  definition: {{$text: '{THERE}'}}\n")));
    world.sync(&source).await;
    world.write(THERE, "catalog-info.yaml", "further");
    world.sync(&source).await;
    assert_eq!(world.entity("component:a").await.text("/spec/definition"), Some("further"));
}

#[tokio::test]
async fn what_was_taken_away_by_hand_comes_back_although_its_file_is_the_same() {
    let world = World::new().await;
    world.write(REPOSITORY, "catalog-info.yaml", &(component("a", "") + &component("b", "")));
    let source = world.register(REPOSITORY).await;
    let uid = world.entity("component:b").await.uid;
    catalog::remove_entity(&world.services, &world.caller, uid).await.unwrap();
    assert_eq!(world.found("kind=component").await, "component:default/a");
    assert_eq!(world.reads(&source).await, "catalog-info.yaml");
    assert_eq!(world.found("kind=component").await, "component:default/a component:default/b");
    assert_eq!(world.reads(&source).await, "");
}

#[tokio::test]
async fn a_kind_that_changes_has_files_judged_again_that_are_the_same() {
    let world = World::new().await;
    world.write(REPOSITORY, "catalog-info.yaml", &(PARTS.to_owned() + KIND));
    world.write(REPOSITORY, "parts/heron.yaml", VESSEL);
    world.write(REPOSITORY, "parts/other.yaml", &component("a", ""));
    let source = world.register(REPOSITORY).await;
    assert_eq!(world.reads(&source).await, "catalog-info.yaml");
    world.write(REPOSITORY, "catalog-info.yaml", &(PARTS.to_owned() + &KIND.replace("[port]", "[mast]")));
    world.sync(&source).await;
    let trace = world.trace(&source).await;
    assert!(trace.contains("parts/heron.yaml rejected") && trace.contains("parts/other.yaml found"), "{trace}");
}

/// What people do to a source, and to the catalog.
#[derive(Debug, Clone)]
enum Deed {
    Write(&'static str, String),
    Remove(&'static str),
    /// Takes the first entity away by hand.
    TakeAway,
    /// Gives a disputed name to who claims it.
    HandOver,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let part = prop::sample::select(vec!["parts/a.yaml", "parts/b.yaml", "parts/c.yaml"]);
    let document = prop_oneof![
        4 => (0..4_u8, prop::bool::ANY).prop_map(|(number, other)| {
            component(&format!("n{number}"), if other { "  dependsOn: [component:n0]\n" } else { "" })
        }),
        1 => Just(component("warned", "").replace("Component", "Compnent")),
        1 => Just("kind: [\n---\n".to_owned()),
        1 => Just(component("texted", "  definition: {$text: ../texts/t.txt}\n")),
        1 => Just(VESSEL.to_owned()),
        1 => Just(KIND.to_owned()),
        1 => Just(GROUP.to_owned()),
    ];
    let file = prop::collection::vec(document, 0..4).prop_map(|documents| documents.concat());
    let deed = prop_oneof![
        6 => (part.clone(), file).prop_map(|(path, text)| Deed::Write(path, text)),
        1 => part.prop_map(Deed::Remove),
        1 => prop::sample::select(vec!["one", "two"]).prop_map(|text| Deed::Write("texts/t.txt", text.to_owned())),
        1 => Just(Deed::TakeAway),
        1 => Just(Deed::HandOver),
    ];
    prop::collection::vec(deed, 1..8)
}

impl World {
    async fn does(&self, deed: &Deed, source: &Source) {
        match deed {
            Deed::Write(path, text) => self.write(REPOSITORY, path, text),
            Deed::Remove(path) => drop(self.memory.0.lock().unwrap().get_mut(REPOSITORY).unwrap().remove(*path)),
            Deed::TakeAway => {
                if let Some(first) = self
                    .rows("SELECT ref AS told FROM entities WHERE path LIKE 'parts/%' ORDER BY ref LIMIT 1")
                    .await
                    .pop()
                {
                    let uid = self.entity(&first).await.uid;
                    catalog::remove_entity(&self.services, &self.caller, uid).await.unwrap();
                }
            }
            Deed::HandOver => {
                let disputes = catalog::disputes_of(&self.services, &self.caller, source.id).await.unwrap();
                if let Some(dispute) = disputes.first() {
                    let claimer = &dispute.claimer;
                    let done = catalog::hand_over(
                        &self.services,
                        &self.caller,
                        &dispute.reference,
                        claimer.source,
                        &claimer.path,
                    );
                    // It may have been taken away by hand.
                    let _ = done.await;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn who_remembers_sees_what_who_looks_at_everything_sees(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (remembers, looks) = (World::new().await, World::new().await);
            let mut sources = Vec::new();
            for world in [&remembers, &looks] {
                world.write(REPOSITORY, "catalog-info.yaml", PARTS);
                sources.push(world.register(REPOSITORY).await);
            }
            for deed in &deeds {
                let mut pictures = Vec::new();
                for (turn, (world, source)) in [&remembers, &looks].into_iter().zip(&sources).enumerate() {
                    world.does(deed, source).await;
                    if turn == 1 {
                        world.forget().await;
                    }
                    world.sync(source).await;
                    // Whoever is asked to look again does.
                    if turn == 1 {
                        world.forget().await;
                    }
                    world.sync(source).await;
                    pictures.push(world.picture(std::slice::from_ref(source)).await);
                }
                prop_assert_eq!(&pictures[0], &pictures[1], "after {:?}", deed);
            }
            Ok(())
        })?;
    }
}
