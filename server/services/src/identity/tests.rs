//! What happens to rows of people below the use cases, on both databases.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use domain::{
    catalog::SourceKind,
    identity::{Caller, Tenant},
    runs::RepositoryName,
};
use migrations::Migrator;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement, Value, prelude::Uuid};
use sea_orm_migration::MigratorTrait as _;
use serde_json::json;

use super::{Renamed, renamed};
use crate::{
    Error, Result, Services,
    catalog::ports::{OpenSource, ReadProblem, SourceReader},
    runs::{FirstCommit, Published, Repositories},
    testing,
};

/// An outside that does not answer.
struct Nowhere;

#[async_trait]
impl SourceReader for Nowhere {
    async fn open(&self, _: SourceKind, target: &str) -> std::result::Result<Arc<dyn OpenSource>, ReadProblem> {
        Err(ReadProblem::Unreachable(format!("`{target}` does not answer")))
    }
}

#[async_trait]
impl Repositories for Nowhere {
    async fn create_or_get(&self, _: &RepositoryName, _: &FirstCommit) -> Result<Published> {
        Err(Error::Unavailable { system: "Git hosting".into(), why: "is not there".into() })
    }
}

/// An installation on each database.
async fn both(data: &tempfile::TempDir) -> [Services; 2] {
    let nowhere = Arc::new(Nowhere);
    [
        testing::services(data.path(), nowhere.clone(), nowhere.clone()).await,
        testing::services_on_postgres(data.path(), nowhere.clone(), nowhere).await,
    ]
}

async fn run(db: &DatabaseConnection, sql: &str, values: impl IntoIterator<Item = Value>) {
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await.unwrap();
}

/// An account of someone, as it was before their tokens knew it.
async fn account(db: &DatabaseConnection, tenant: &str, who: &str, provider: &str) -> Uuid {
    let id = Uuid::new_v4();
    let sql = "INSERT INTO accounts (tenant, id, provider, subject, who, groups, matched_by, just_in_time, created_at, seen_at) \
               VALUES ($1, $2, $3, $4, $4, '[]', 'the name x', FALSE, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)";
    run(db, sql, [tenant.into(), id.into(), provider.into(), who.into()]).await;
    id
}

async fn token(db: &DatabaseConnection, (tenant, who, kind): (&str, &str, &str), account: Option<Uuid>) -> Uuid {
    let id = Uuid::new_v4();
    let sql = "INSERT INTO tokens (tenant, id, hash, prefix, who, name, kind, scopes, roles, created_at, created_by, expires_at, account) \
               VALUES ($1, $2, $3, 'cw', $4, 'laptop', $5, 'read', '', CURRENT_TIMESTAMP, $4, CURRENT_TIMESTAMP, $6)";
    run(db, sql, [tenant.into(), id.into(), id.to_string().into(), who.into(), kind.into(), account.into()]).await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_before_get_the_account_that_alone_can_have_made_them() {
    let data = tempfile::tempdir().unwrap();
    for Services { db, .. } in both(&data).await {
        let all = Migrator::migrations();
        let at = all.iter().position(|one| one.name() == "m20261128_000200_whose_roles").unwrap();
        Migrator::down(&db, u32::try_from(all.len() - at).ok()).await.unwrap();
        let (ada, bob) = ("user:default/ada", "user:default/bob");
        let one = account(&db, "default", ada, "corp").await;
        let elsewhere = account(&db, "other", ada, "corp").await;
        let (first, _) = (account(&db, "default", bob, "corp").await, account(&db, "default", bob, "other").await);
        let mut expected = Vec::new();
        for (of, noted, account) in [
            (("default", ada, "personal"), None, Some(one)),
            (("other", ada, "personal"), None, Some(elsewhere)),
            // Either of two may have made it, and what is noted stays.
            (("default", bob, "personal"), None, None),
            (("default", bob, "personal"), Some(first), Some(first)),
            (("default", "user:default/nobody", "personal"), None, None),
            (("default", ada, "service"), None, None),
        ] {
            expected.push((token(&db, of, noted).await, account));
        }
        Migrator::up(&db, None).await.unwrap();
        for (id, account) in expected {
            let sql = "SELECT account FROM tokens WHERE id = $1";
            let asked = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()]);
            let row = db.query_one_raw(asked).await.unwrap().unwrap();
            assert_eq!(row.try_get::<Option<Uuid>>("", "account").unwrap(), account);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_and_begun_before_is_that_of_whoever_bore_the_name() {
    let data = tempfile::tempdir().unwrap();
    for Services { db, .. } in both(&data).await {
        let all = Migrator::migrations();
        let at = all.iter().position(|one| one.name() == "m20261128_000400_persons").unwrap();
        Migrator::down(&db, u32::try_from(all.len() - at).ok()).await.unwrap();
        let ada = "user:default/ada";
        let (bob, cara) = ("user:default/bob", "user:default/cara");
        let (corp, second) = (account(&db, "default", ada, "corp").await, account(&db, "default", ada, "second").await);
        let alone = account(&db, "default", bob, "corp").await;
        let (uid, seen) = (Uuid::new_v4(), "UPDATE accounts SET user_uid = $1, seen_at = $2 WHERE id = $3");
        for (id, at) in [(corp, "2026-02-02T00:00:00+00:00"), (second, "2026-01-01T00:00:00+00:00")] {
            let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
            run(&db, seen, [uid.into(), at.into(), id.into()]).await;
        }
        let given = "INSERT INTO role_grants (tenant, role, grantee, given_at, given_by) \
                     VALUES ('default', 'administrator', $1, CURRENT_TIMESTAMP, 'guest')";
        for to in [ada, bob, cara, "group:default/ada"] {
            run(&db, given, [to.into()]).await;
        }
        let begun = "INSERT INTO runs (tenant, id, number, title, template, template_title, template_etag, template_document, answers, \
                     status, version, logged, created_by, created_at, ended_at, starter) VALUES ('default', $1, $2, '', '', '', '', \
                     '{}', '{}', 'waiting', 1, 0, $3, $4, $5, $6)";
        let (now, starter) = (chrono::Utc::now(), json!({ "who": bob, "way": { "type": "themselves" } }));
        let runs = [Uuid::new_v4(), Uuid::new_v4()];
        for (number, (id, ended)) in runs.into_iter().zip([None, Some(now)]).enumerate() {
            let number = i64::try_from(number).unwrap();
            let values = [id.into(), number.into(), bob.into(), now.into(), ended.into(), starter.clone().into()];
            run(&db, begun, values).await;
        }
        Migrator::up(&db, None).await.unwrap();
        let ask = async |sql: &str, value: Value| {
            let asked = Statement::from_sql_and_values(db.get_database_backend(), sql, [value]);
            db.query_one_raw(asked).await.unwrap().unwrap()
        };
        // Of several nobody knows which, until the start asks the catalog.
        for (to, account) in [(ada, Some(Uuid::nil())), (bob, Some(alone)), (cara, None), ("group:default/ada", None)] {
            let row = ask("SELECT account FROM role_grants WHERE grantee = $1", to.into()).await;
            assert_eq!(row.try_get::<Option<Uuid>>("", "account").unwrap(), account, "{to}");
        }
        for (id, account) in runs.into_iter().zip([json!(alone), serde_json::Value::Null]) {
            let row = ask("SELECT starter FROM runs WHERE id = $1", id.into()).await;
            assert_eq!(row.try_get::<serde_json::Value>("", "starter").unwrap()["account"], account);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_is_renamed_nothing_is_asked() {
    let data = tempfile::tempdir().unwrap();
    for services in both(&data).await {
        let tenant = Tenant::default();
        let mut tx = services.begin(&Caller::system(tenant.clone(), "test")).await.unwrap();
        tx.execute_unprepared("DROP TABLE visits").await.unwrap();
        renamed(&mut tx, &tenant, Vec::new(), &BTreeSet::new()).await.unwrap();
        let entry = json!({ "spec": { "profile": { "email": "ada@saltmarsh.example" } } });
        let (former, later) = ("user:default/ada".to_owned(), "user:default/ada-b".to_owned());
        let (before, around) = (entry.clone(), Default::default());
        let names = vec![Renamed { former, later, is_numbered: false, before, after: entry, around }];
        assert!(renamed(&mut tx, &tenant, names, &BTreeSet::new()).await.is_err());
    }
}
