//! Whose account it is, of all who have borne a name. What was given and begun before is bound to those whom it was given to.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, FromQueryResult as _, JsonValue, Statement},
};

use crate::columns::text_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut person = ColumnDef::new("person");
        person.uuid().null();
        for column in [person, text_null("apart"), text_null("address"), text_null("issuer")] {
            let mut column = column;
            manager.alter_table(Table::alter().table("accounts").add_column(&mut column).to_owned()).await?;
        }
        manager.alter_table(Table::alter().table("role_grants").add_column(text_null("address")).to_owned()).await?;
        let db = manager.get_connection();
        let found_by = "the address ";
        let from = found_by.len() + 1;
        db.execute_unprepared(&format!(
            "UPDATE accounts SET address = lower(substr(matched_by, {from})) WHERE matched_by LIKE '{found_by}%'"
        ))
        .await?;
        // Who was found by one address at several providers, as the same User, is one person. Of one provider they may be successors.
        let alike = "o.tenant = accounts.tenant AND o.who = accounts.who AND o.user_uid = accounts.user_uid \
                     AND o.matched_by = accounts.matched_by";
        db.execute_unprepared(&format!(
            "UPDATE accounts SET person = (SELECT o.id FROM accounts AS o WHERE {alike} ORDER BY o.created_at, o.id LIMIT 1) \
             WHERE matched_by LIKE '{found_by}%' AND NOT EXISTS (SELECT 1 FROM accounts AS o JOIN accounts AS p \
             ON p.tenant = o.tenant AND p.who = o.who AND p.user_uid = o.user_uid AND p.matched_by = o.matched_by \
             AND p.provider = o.provider AND p.id <> o.id WHERE {alike})"
        ))
        .await?;
        // A role is that of whoever alone came in under the name. Where several did, the first start finds out whom the entry means:
        // until then it is that of no account.
        let nobody = match db.get_database_backend() {
            DbBackend::Postgres => "CAST('00000000-0000-0000-0000-000000000000' AS uuid)",
            _ => "x'00000000000000000000000000000000'",
        };
        let of = "FROM accounts AS a WHERE a.tenant = role_grants.tenant AND a.who = role_grants.grantee";
        db.execute_unprepared(&format!(
            "UPDATE role_grants SET account = CASE WHEN (SELECT COUNT(*) {of}) = 1 THEN (SELECT a.id {of}) ELSE {nobody} END \
             WHERE account IS NULL AND grantee LIKE 'user:%' AND EXISTS (SELECT 1 {of})"
        ))
        .await?;
        bind_runs(db).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("role_grants").drop_column("address").to_owned()).await?;
        for column in ["issuer", "address", "apart", "person"] {
            manager.alter_table(Table::alter().table("accounts").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

/// Notes through which account those came in who started what is not over yet: whoever alone came in under the name.
async fn bind_runs(db: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let (hex, starter) = match backend {
        DbBackend::Postgres => ("replace(CAST(a.id AS text), '-', '')", "CAST(r.starter AS text)"),
        _ => ("lower(hex(a.id))", "r.starter"),
    };
    let text = |bytes: &str| match backend {
        DbBackend::Postgres => format!("CAST({bytes} AS text)"),
        _ => format!("lower(hex({bytes}))"),
    };
    let sql = format!(
        "SELECT r.tenant AS tenant, {run} AS run, {starter} AS starter, \
         (SELECT MIN({hex}) FROM accounts AS a WHERE a.tenant = r.tenant AND a.who = r.created_by HAVING COUNT(*) = 1) AS account \
         FROM runs AS r WHERE r.ended_at IS NULL AND r.starter IS NOT NULL AND r.created_by LIKE 'user:%'",
        run = text("r.id")
    );
    for row in db.query_all_raw(Statement::from_string(backend, sql)).await? {
        let row = JsonValue::from_query_result(&row, "")?;
        let said = |key: &str| row.get(key).and_then(JsonValue::as_str);
        let (Some(tenant), Some(run), Some(starter), Some(account)) =
            (said("tenant"), said("run"), said("starter"), said("account"))
        else {
            continue;
        };
        let Ok(JsonValue::Object(mut starter)) = starter.parse() else { continue };
        if starter.contains_key("account") {
            continue;
        }
        starter.insert("account".to_owned(), dashed(account).into());
        let starter = JsonValue::Object(starter).to_string();
        let set = match backend {
            DbBackend::Postgres => {
                "UPDATE runs SET starter = CAST($1 AS json) WHERE tenant = $2 AND CAST(id AS text) = $3"
            }
            _ => "UPDATE runs SET starter = $1 WHERE tenant = $2 AND lower(hex(id)) = $3",
        };
        let values = [starter.into(), tenant.into(), run.into()];
        db.execute_raw(Statement::from_sql_and_values(backend, set, values)).await?;
    }
    Ok(())
}

/// The usual spelling of 32 digits.
fn dashed(hex: &str) -> String {
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| hex.get(part).unwrap_or_default());
    parts.join("-")
}
