//! What should be mended, and the texts where it stands.

use std::collections::{HashMap, HashSet};

use domain::{
    catalog::{EntityRef, FileProblem, Severity, Trouble, TroubleFilter},
    identity::Tenant,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, prelude::Uuid, sea_query::NullOrdering,
};

use super::{ROWS, parse};
use crate::{Result, catalog::sync::gather::Text};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "source_problems")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        pub path: String,
        pub severity: String,
        pub message: String,
        pub field: Option<String>,
        pub at_line: Option<i32>,
        pub at_column: Option<i32>,
        #[sea_orm(column_name = "ref")]
        pub reference: Option<String>,
        pub owner: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod text {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "source_texts")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub path: String,
        pub first_line: i32,
        pub hash: String,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<row::Model> for Trouble {
    type Error = crate::Error;

    fn try_from(row: row::Model) -> Result<Self> {
        let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
        Ok(Self {
            source: row.source_id,
            path: row.path,
            problem: FileProblem {
                severity: if row.severity == "error" { Severity::Error } else { Severity::Warning },
                message: row.message,
                field: row.field,
                line: number(row.at_line),
                column: number(row.at_column),
            },
            reference: row.reference.as_deref().map(parse).transpose()?,
            owner: row.owner.as_deref().map(parse).transpose()?,
        })
    }
}

/// PostgreSQL keeps no NUL in a text, and messages may quote what a file says.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(in crate::catalog) async fn troubles_of(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<Vec<Trouble>> {
    let rows = row::Entity::find()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::SourceId.eq(source))
        .order_by_asc(row::Column::Position)
        .all(db)
        .await?;
    rows.into_iter().map(Trouble::try_from).collect()
}

/// Writes a source's troubles in place of those before, if they are others.
pub(in crate::catalog) async fn replace_troubles(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    mut troubles: Vec<Trouble>,
) -> Result<()> {
    for trouble in &mut troubles {
        trouble.problem.message = clean(&trouble.problem.message);
        trouble.problem.field = trouble.problem.field.as_deref().map(clean);
    }
    if troubles_of(tx, tenant, source).await? == troubles {
        return Ok(());
    }
    let old = row::Entity::delete_many()
        .filter(row::Column::Tenant.eq(tenant.as_str()))
        .filter(row::Column::SourceId.eq(source));
    old.exec(tx).await?;
    let number = |number: Option<u32>| Set(number.and_then(|number| i32::try_from(number).ok()));
    let rows = troubles.into_iter().zip(0..).map(|(trouble, position)| row::ActiveModel {
        tenant: Set(tenant.to_string()),
        source_id: Set(source),
        position: Set(position),
        path: Set(trouble.path),
        severity: Set(if trouble.problem.severity == Severity::Error { "error" } else { "warning" }.to_owned()),
        message: Set(trouble.problem.message),
        field: Set(trouble.problem.field),
        at_line: number(trouble.problem.line),
        at_column: number(trouble.problem.column),
        reference: Set(trouble.reference.map(|reference| clean(&reference.to_string()))),
        owner: Set(trouble.owner.map(|owner| clean(&owner.to_string()))),
    });
    let rows: Vec<_> = rows.collect();
    for batch in rows.chunks(ROWS / 2) {
        row::Entity::insert_many(batch.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

fn select(tenant: &Tenant, filter: &TroubleFilter) -> sea_orm::Select<row::Entity> {
    let mut select = row::Entity::find().filter(row::Column::Tenant.eq(tenant.as_str()));
    match filter.owner.as_str() {
        "" => {}
        "nobody" => select = select.filter(row::Column::Owner.is_null()),
        owner => select = select.filter(row::Column::Owner.eq(owner)),
    }
    if let Some(source) = filter.source {
        select = select.filter(row::Column::SourceId.eq(source));
    }
    if filter.rejected_only {
        select = select.filter(row::Column::Severity.eq("error"));
    }
    select
}

/// The troubles that are asked for, those of one team together, and how many there are.
pub(in crate::catalog) async fn troubles(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    filter: &TroubleFilter,
) -> Result<(Vec<Trouble>, u64)> {
    let total = select(tenant, filter).count(db).await?;
    let rows = select(tenant, filter)
        // The databases disagree about where nothing stands among names.
        .order_by_with_nulls(row::Column::Owner, Order::Asc, NullOrdering::Last)
        .order_by_asc(row::Column::SourceId)
        .order_by_asc(row::Column::Position)
        .offset(u64::from(filter.offset))
        .limit(u64::from(filter.limit))
        .all(db)
        .await?;
    Ok((rows.into_iter().map(Trouble::try_from).collect::<Result<_>>()?, total))
}

/// How many troubles each team has; `None` for those that nobody owns.
pub(in crate::catalog) async fn trouble_counts(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    filter: &TroubleFilter,
) -> Result<Vec<(Option<EntityRef>, u64)>> {
    let filter = TroubleFilter { owner: String::new(), ..filter.clone() };
    let counts: Vec<(Option<String>, i64)> = select(tenant, &filter)
        .select_only()
        .column(row::Column::Owner)
        .column_as(row::Column::Position.count(), "number")
        .group_by(row::Column::Owner)
        .into_tuple()
        .all(db)
        .await?;
    counts
        .into_iter()
        .map(|(owner, count)| Ok((owner.as_deref().map(parse).transpose()?, u64::try_from(count).unwrap_or(0))))
        .collect()
}

/// Writes a source's kept texts in place of those before, as far as they are others; those of the files in `carried` stay.
pub(in crate::catalog) async fn replace_texts(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    texts: Vec<Text>,
    carried: &HashSet<String>,
) -> Result<()> {
    let own = |select: sea_orm::Select<text::Entity>| {
        select.filter(text::Column::Tenant.eq(tenant.as_str())).filter(text::Column::SourceId.eq(source))
    };
    let known: Vec<(String, String)> = own(text::Entity::find())
        .select_only()
        .columns([text::Column::Path, text::Column::Hash])
        .into_tuple()
        .all(tx)
        .await?;
    let known: HashMap<String, String> = known.into_iter().collect();
    let hashed: Vec<(String, Text)> = texts
        .into_iter()
        .map(|kept| (blake3::hash(format!("{} {}", kept.first_line, kept.lines).as_bytes()).to_hex().to_string(), kept))
        .collect();
    let is_same = |hash: &String, kept: &Text| known.get(&kept.path) == Some(hash);
    let stays: Vec<&String> = hashed.iter().filter(|(hash, kept)| is_same(hash, kept)).map(|(_, k)| &k.path).collect();
    let gone: Vec<&String> = known.keys().filter(|path| !stays.contains(path) && !carried.contains(*path)).collect();
    for paths in gone.chunks(super::KEYS) {
        let old = text::Entity::delete_many()
            .filter(text::Column::Tenant.eq(tenant.as_str()))
            .filter(text::Column::SourceId.eq(source))
            .filter(text::Column::Path.is_in(paths.iter().map(|path| path.as_str())));
        old.exec(tx).await?;
    }
    let new: Vec<_> = hashed
        .into_iter()
        .filter(|(hash, kept)| known.get(&kept.path) != Some(hash))
        .map(|(hash, kept)| text::ActiveModel {
            tenant: Set(tenant.to_string()),
            source_id: Set(source),
            path: Set(kept.path),
            first_line: Set(i32::try_from(kept.first_line).unwrap_or(i32::MAX)),
            hash: Set(hash),
            text: Set(kept.lines),
        })
        .collect();
    for batch in new.chunks(100) {
        text::Entity::insert_many(batch.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The kept text of a file: the number of its first line, and the lines.
pub(in crate::catalog) async fn text(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    path: &str,
) -> Result<Option<(u32, String)>> {
    let row = text::Entity::find_by_id((tenant.to_string(), source, path.to_owned())).one(db).await?;
    Ok(row.map(|row| (u32::try_from(row.first_line).unwrap_or(1), row.text)))
}

/// The kept texts of these files of a source, each with its path.
pub(in crate::catalog) async fn texts_in(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
    paths: &[String],
) -> Result<Vec<(String, String)>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let query = text::Entity::find().select_only().columns([text::Column::Path, text::Column::Text]);
    let query = query.filter(text::Column::Tenant.eq(tenant.as_str())).filter(text::Column::SourceId.eq(source));
    Ok(query.filter(text::Column::Path.is_in(paths)).into_tuple().all(db).await?)
}

/// Which files of these sources have a kept text.
pub(in crate::catalog) async fn texts(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    sources: &[Uuid],
) -> Result<HashSet<(Uuid, String)>> {
    let rows: Vec<(Uuid, String)> = text::Entity::find()
        .select_only()
        .columns([text::Column::SourceId, text::Column::Path])
        .filter(text::Column::Tenant.eq(tenant.as_str()))
        .filter(text::Column::SourceId.is_in(sources.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}
