//! Two tenants, whose rows have the same ids and the same names: whatever one does, it neither reads nor alters what is the other's.
//!
//! Every table that has a tenant is filled through the use cases, then copied for another tenant, with another word in every text.
//! A query that forgets the tenant would find two rows, or the wrong one.

mod deeds;

use std::collections::BTreeMap;

use domain::identity::{NewToken, RoleName, Subject};
use proptest::prelude::*;
use sea_orm::{ConnectionTrait, DbBackend, Statement, prelude::Uuid};
use serde_json::json;

use self::deeds::{DEEDS, perform};
use super::*;
use crate::{audit, home, identity, lists, permission, runs, scorecards};

/// A word in the texts of the first tenant, and what stands there for the other.
const OWN: &str = "tidewater";
const OTHER: &str = "outlandish";

const THINGS: &str = "apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: berths, description: tidewater}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ada, description: tidewater}
spec: {memberOf: [berths], profile: {email: ada@tidewater.example}}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: tides, description: tidewater}
spec: {type: openapi, lifecycle: production, owner: berths, definition: '{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"tidewater\",\"version\":\"1\"},\"paths\":{}}'}
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: paper, title: tidewater paper}
spec:
  owner: berths
  type: service
  parameters: []
  steps:
    - {id: say, name: say tidewater, action: 'debug:log', input: {message: tidewater}}
---
apiVersion: causeway.dev/v1alpha1
kind: Scorecard
metadata: {name: ready, title: tidewater readiness}
spec:
  owner: group:berths
  filter: {kind: Component}
  levels: [{name: good, title: tidewater good, color: green}]
  rules: [{id: described, title: tidewater words, level: good, expression: 'metadata.description != \"\"', message: tidewater}]
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: broken, description: tidewater, tags: ['not a tag']}
spec: {type: service}
---
";

fn quay(extra: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: quay, title: tidewater quay, description: tidewater{extra}, tags: [tidewater]}}\nspec: {{type: service, lifecycle: production, owner: berths, providesApis: [tides]}}\n---\n"
    )
}

/// What was made, to be asked for by both.
pub(super) struct Made {
    pub(super) source: Uuid,
    pub(super) run: Uuid,
    pub(super) number: i64,
    pub(super) view: Uuid,
    pub(super) token: Uuid,
    pub(super) account: Uuid,
    pub(super) quay: Uuid,
    pub(super) secret: String,
    pub(super) session: String,
    /// A person and a group of a directory.
    pub(super) told: (String, String),
}

/// A statement on the database of a world.
async fn sql(world: &World, text: String) -> Vec<sea_orm::QueryResult> {
    let told = text.clone();
    let db = &world.services.db;
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), text)).await;
    rows.unwrap_or_else(|error| panic!("{told}: {error}"))
}

/// The columns of a table, with their types.
type Columns = Vec<(String, String)>;

/// Every table that has a tenant, with its columns; and those that have none.
async fn tables(world: &World) -> (BTreeMap<String, Columns>, Vec<String>) {
    let listed = if is_postgres(world) {
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    };
    let (mut with, mut without) = (BTreeMap::new(), Vec::new());
    for row in sql(world, listed.to_owned()).await {
        let name: String = row.try_get("", "name").unwrap();
        let described = if is_postgres(world) {
            format!(
                "SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '{name}' ORDER BY ordinal_position"
            )
        } else {
            format!("SELECT name, type FROM pragma_table_info('{name}')")
        };
        let columns = sql(world, described).await;
        let read = |row: &sea_orm::QueryResult, of: &str| row.try_get::<String>("", of).unwrap();
        let columns: Columns = columns.iter().map(|row| (read(row, "name"), read(row, "type"))).collect();
        if columns.iter().any(|(column, _)| column == "tenant") {
            with.insert(name, columns);
        } else {
            without.push(name);
        }
    }
    assert!(["entities", "runs", "audit", "sessions"].iter().all(|known| with.contains_key(*known)), "{with:?}");
    (with, without)
}

fn is_postgres(world: &World) -> bool {
    world.services.db.get_database_backend() == DbBackend::Postgres
}

/// Tables that are nobody's, with the reason.
const NOBODYS: &[(&str, &str)] = &[
    ("seaql_migrations", "the schema is one"),
    ("Workers", "the queue's own: who works"),
    ("Jobs", "the queue's own: a delivery says in itself whose it is"),
    ("_sqlx_migrations", "the queue's own schema"),
];

/// Everything of this world is filled, for one tenant.
async fn filled(mut world: World) -> (World, Made) {
    world.caller = Caller::new(Tenant::default(), Subject::Administrator);
    let (services, caller) = (world.services.clone(), world.caller.clone());
    let system = Caller::system(Tenant::default(), "worker");
    world.write(HERE, "catalog-info.yaml", &(THINGS.to_owned() + &quay("") + &component("gone", "")));
    let source = world.register(HERE).await;
    // Declared a second time elsewhere, and one thing is declared no more.
    world.write(THERE, "catalog-info.yaml", &quay(" there"));
    world.register(THERE).await;
    world.write(HERE, "catalog-info.yaml", &(THINGS.to_owned() + &quay(" still")));
    world.sync(&source).await;
    scorecards::evaluate(&services, &system).await.unwrap();
    let paper: EntityRef = "template:default/paper".parse().unwrap();
    let quay: EntityRef = "component:default/quay".parse().unwrap();
    let new = runs::NewRun { template: paper, values: serde_json::Map::new(), secrets: serde_json::Map::new() };
    let run = match runs::start(&services, &caller, new).await {
        Ok(run) => run.summary,
        Err(why) => panic!("{why:?}"),
    };
    for _ in 0..4 {
        runs::advance(&services, &system, run.id).await.unwrap();
    }
    home::star(&services, &caller, &quay, true).await.unwrap();
    home::visit(&services, &caller, &quay).await.unwrap();
    home::arrive(&services, &caller).await.unwrap();
    home::say_who(&services, &caller, Some(&"user:default/ada".parse().unwrap())).await.unwrap();
    let view = lists::save_view(&services, &caller, "tidewater view".parse().unwrap(), None, "kind=api").await.unwrap();
    let new = domain::catalog::NewCredential {
        name: "forge".into(),
        at: "https://git.tidewater.example".into(),
        kind: domain::catalog::CredentialKind::Token,
        user: String::new(),
        secret: "x".into(),
        known_hosts: String::new(),
    };
    catalog::credentials::seal_credential(&services, &caller, new).await.unwrap();
    let new =
        NewToken { name: "tidewater".into(), days: 1, scopes: vec!["read".into()], roles: Vec::new(), wish: None };
    let minted = identity::make_token(&services, &caller, new).await.unwrap();
    let token = identity::tokens(&services, &caller).await.unwrap().remove(0).id;
    let from = identity::From { address: Some("tidewater".into()), agent: Some("tidewater".into()) };
    let opened = identity::administrator(&services, &caller.tenant, &from, None).await.unwrap();
    identity::make_link(&services, &caller).await.unwrap();
    identity::throttle::failed(&services, &caller.tenant, identity::throttle::Counted::Address("tidewater"))
        .await
        .unwrap();
    let role: RoleName = "mine".parse().unwrap();
    let text = "@id(\"mine\")\n@says(\"tidewater\")\npermit (principal in Role::\"mine\", action == Action::\"readAudit\", resource);";
    let saved = permission::save_policy(&services, &caller, &role, (text, ""), None).await.unwrap();
    assert_eq!(saved.problems, []);
    permission::give_role(&services, &caller, &role, &"group:berths".parse().unwrap()).await.unwrap();
    audit::note(&services, &caller, audit::Happening::SignedIn, "tidewater", &json!({ "at": "tidewater" }))
        .await
        .unwrap();
    let person = json!({ "userName": "ada@tidewater.example", "displayName": "tidewater", "emails": [{ "value": "ada@tidewater.example" }] });
    let person = identity::scim::create_user(&services, &caller, &person).await.unwrap();
    let group = json!({ "displayName": "tidewater", "members": [{ "value": person.id }] });
    let group = identity::scim::create_group(&services, &caller, &group).await.unwrap();
    let account = Uuid::from_u128(7);
    deeds::fill_by_hand(&world, &source, account).await;
    let entity = world.entity("component:default/quay").await;
    let made = Made {
        source: source.id,
        run: run.id,
        number: run.number,
        view: view.id,
        token,
        account,
        quay: entity.uid,
        secret: minted.secret,
        told: (person.id, group.id),
        session: secrecy::ExposeSecret::expose_secret(&opened.secret).to_owned(),
    };
    (world, made)
}

/// Gives the other tenant a copy of everything, in which only a word is another.
async fn copied(world: &World) {
    let (tables, _) = tables(world).await;
    for (table, columns) in tables {
        let is_postgres = is_postgres(world);
        let values: Vec<String> = columns
            .iter()
            .map(|(column, kind)| match (column.as_str(), kind.as_str()) {
                ("tenant", _) => "'other'".to_owned(),
                // The one table whose ids are its own: nobody outside ever names one.
                ("id", _) if table == "outbox" => if is_postgres { "gen_random_uuid()" } else { "randomblob(16)" }.to_owned(),
                (_, "text" | "character varying") if is_postgres => format!("replace(\"{column}\", '{OWN}', '{OTHER}')"),
                (_, "json" | "jsonb") if is_postgres => {
                    format!("CAST(replace(CAST(\"{column}\" AS text), '{OWN}', '{OTHER}') AS {kind})")
                }
                _ if is_postgres => format!("\"{column}\""),
                _ => format!(
                    "CASE typeof(\"{column}\") WHEN 'text' THEN replace(\"{column}\", '{OWN}', '{OTHER}') ELSE \"{column}\" END"
                ),
            })
            .collect();
        let names = columns.iter().map(|(column, _)| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
        let values = values.join(", ");
        sql(
            world,
            format!("INSERT INTO \"{table}\" ({names}) SELECT {values} FROM \"{table}\" WHERE tenant = 'default'"),
        )
        .await;
    }
}

/// Every row of each tenant, by table.
type Kept = BTreeMap<(String, String), Vec<String>>;

async fn kept(world: &World, tables: &BTreeMap<String, Columns>) -> Kept {
    let mut kept = Kept::new();
    let told = |column: &str| {
        if is_postgres(world) {
            format!("coalesce(CAST(\"{column}\" AS text), 'NULL')")
        } else {
            format!("quote(\"{column}\")")
        }
    };
    for (table, columns) in tables {
        let line = columns.iter().map(|(column, _)| told(column)).collect::<Vec<_>>().join(" || ' ' || ");
        let rows = sql(world, format!("SELECT tenant, {line} AS line FROM \"{table}\" ORDER BY 1, 2")).await;
        for row in rows {
            let tenant: String = row.try_get("", "tenant").unwrap();
            kept.entry((tenant, table.clone())).or_default().push(row.try_get("", "line").unwrap());
        }
    }
    kept
}

async fn each_has_an_owner(world: World) {
    let (world, _) = filled(world).await;
    let (with, without) = tables(&world).await;
    let unexplained: Vec<&String> =
        without.iter().filter(|name| !NOBODYS.iter().any(|(known, _)| known == name)).collect();
    assert!(unexplained.is_empty(), "whose are the rows of {unexplained:?}");
    let rows = kept(&world, &with).await;
    let empty: Vec<&String> =
        with.keys().filter(|name| !rows.contains_key(&("default".to_owned(), (*name).clone()))).collect();
    assert!(
        empty.is_empty(),
        "{} of {} tables are empty, so nothing is shown of them: {empty:?}",
        empty.len(),
        with.len()
    );
}

#[tokio::test]
async fn every_table_has_a_tenant_or_a_reason_not_to() {
    each_has_an_owner(World::new().await).await;
}

#[tokio::test]
async fn every_table_of_postgres_has_a_tenant_or_a_reason_not_to() {
    each_has_an_owner(World::on_postgres().await).await;
}

/// The deeds in some order, each by one tenant and then by the other; `firsts` say who comes first.
async fn nothing_crosses(world: World, order: Vec<usize>, firsts: Vec<bool>) {
    let (world, made) = filled(world).await;
    copied(&world).await;
    let other = Caller::new("other".parse().unwrap(), Subject::Administrator);
    let (tables, _) = tables(&world).await;
    let mut known = kept(&world, &tables).await;
    for (deed, is_first) in order.into_iter().zip(firsts) {
        // Whoever comes first may leave something in memory for the other.
        let mut callers = [(&world.caller, "other", OTHER), (&other, "default", OWN)];
        if is_first {
            callers.reverse();
        }
        for (caller, another, word) in callers {
            let said = perform(&world, caller, &made, deed).await;
            assert!(!said.contains(word), "deed {deed} tells {} of the other's: {said}", caller.tenant);
            let now = kept(&world, &tables).await;
            for table in tables.keys() {
                let key = (another.to_owned(), table.clone());
                assert_eq!(
                    known.get(&key),
                    now.get(&key),
                    "deed {deed} of {} altered the other's {table}",
                    caller.tenant
                );
            }
            known = now;
        }
    }
}

/// Unoptimised, every deed in one function takes more than a thread usually has.
fn with_room(shown: impl FnOnce() + Send + 'static) {
    let roomy = std::thread::Builder::new().stack_size(16 * 1024 * 1024);
    if let Err(failed) = roomy.spawn(shown).unwrap().join() {
        std::panic::resume_unwind(failed);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 0, ..ProptestConfig::default() })]
    #[test]
    fn no_tenant_reads_or_alters_what_is_anothers(
        order in Just((0..DEEDS).collect::<Vec<_>>()).prop_shuffle(),
        firsts in prop::collection::vec(any::<bool>(), DEEDS),
    ) {
        with_room(move || runtime().block_on(async { nothing_crosses(World::new().await, order, firsts).await }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 0, ..ProptestConfig::default() })]
    #[test]
    fn no_tenant_of_postgres_reads_or_alters_what_is_anothers(
        order in Just((0..DEEDS).collect::<Vec<_>>()).prop_shuffle(),
        firsts in prop::collection::vec(any::<bool>(), DEEDS),
    ) {
        with_room(move || runtime().block_on(async { nothing_crosses(World::on_postgres().await, order, firsts).await }));
    }
}
