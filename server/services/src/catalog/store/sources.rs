//! Sources.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    catalog::{NewSource, Source, SourceKind, Trust},
    identity::Tenant,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Statement,
    prelude::{Expr, Uuid},
    sea_query::{ExprTrait as _, Func, SimpleExpr},
};

use super::KEYS;
use crate::{
    Error, Result,
    catalog::{
        rows::{conflict, source},
        spelling::behind,
    },
};

impl TryFrom<source::Model> for Source {
    type Error = Error;

    fn try_from(row: source::Model) -> Result<Self> {
        let count = |number: i32| u32::try_from(number).unwrap_or(0);
        Ok(Self {
            id: row.id,
            kind: row.kind.parse().map_err(|error| Error::Internal(format!("a source in the database: {error}")))?,
            target: row.target,
            trust: trust(&row.kind, &row.trust),
            created_at: row.created_at,
            synced_at: row.synced_at,
            tried_at: row.tried_at,
            revision: row.revision,
            problem: row.problem,
            entities: count(row.entities),
            files: count(row.files),
            rejected: count(row.rejected),
            warned: count(row.warned),
            asked_at: row.asked_at,
            every_minutes: row.every_minutes.map(count),
            branch: row.branch.map(|branch| (branch, row.follows_default)),
            leaving_at: row.leaving_at,
            allowance: row.allowance.and_then(|allowance| serde_json::from_value(allowance).ok()),
        })
    }
}

/// What the sources are, by their ids.
pub(in crate::catalog) async fn targets(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<HashMap<Uuid, String>> {
    let rows: Vec<(Uuid, String)> = source::Entity::find()
        .select_only()
        .columns([source::Column::Id, source::Column::Target])
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Which people and teams of each source count.
pub(in crate::catalog) async fn trusts(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<HashMap<Uuid, Trust>> {
    let rows: Vec<(Uuid, String, String)> = source::Entity::find()
        .select_only()
        .columns([source::Column::Id, source::Column::Kind, source::Column::Trust])
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(id, kind, kept)| (id, trust(&kind, &kept))).collect())
}

/// What a source of a kind is trusted with, as its row has it. What nobody can read is not believed, and neither is what says of
/// itself that it is an organisation's own.
fn trust(kind: &str, kept: &str) -> Trust {
    let kind: Option<SourceKind> = kind.parse().ok();
    let trust: Trust = kept.parse().unwrap_or_default();
    if kind.is_some_and(|kind| trust.fits(kind)) { trust } else { Trust::None }
}

pub(in crate::catalog) async fn set_trust(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    trust: Trust,
) -> Result<()> {
    source::Entity::update_many()
        .col_expr(source::Column::Trust, Expr::value(trust.as_str()))
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub(in crate::catalog) async fn insert_source(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    new: &NewSource,
    now: DateTime<Utc>,
) -> Result<Source> {
    let row = source::Model {
        tenant: tenant.to_string(),
        id,
        kind: new.kind.as_str().to_owned(),
        target: new.target.clone(),
        created_at: now,
        synced_at: None,
        tried_at: None,
        revision: None,
        problem: None,
        entities: 0,
        files: 0,
        rejected: 0,
        warned: 0,
        asked_at: Some(now),
        every_minutes: None,
        branch: None,
        follows_default: false,
        allowance: None,
        trust: new.trust.unwrap_or_default().to_string(),
        is_partial: false,
        leaving_at: None,
        leaves_orphans: false,
    };
    source::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
    row.try_into()
}

pub(in crate::catalog) async fn update_source(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    source: &Source,
) -> Result<()> {
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    source::Entity::update_many()
        .set(source::ActiveModel {
            synced_at: Set(source.synced_at),
            tried_at: Set(source.tried_at),
            revision: Set(source.revision.clone()),
            problem: Set(source.problem.clone()),
            entities: Set(count(source.entities)),
            files: Set(count(source.files)),
            rejected: Set(count(source.rejected)),
            warned: Set(count(source.warned)),
            asked_at: Set(source.asked_at),
            branch: Set(source.branch.as_ref().map(|(branch, _)| branch.clone())),
            follows_default: Set(source.branch.as_ref().is_some_and(|(_, follows)| *follows)),
            allowance: Set(source.allowance.as_ref().map(serde_json::to_value).transpose()?),
            ..Default::default()
        })
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(source.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether a sync of the source ended before all of it was recorded.
pub(in crate::catalog) async fn is_partial(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<bool> {
    let found = source::Entity::find()
        .select_only()
        .column(source::Column::IsPartial)
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(id));
    Ok(found.into_tuple().one(db).await?.unwrap_or(false))
}

/// Notes whether what a source declares is recorded in part only.
pub(in crate::catalog) async fn set_partial(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    is_partial: bool,
) -> Result<()> {
    let other = source::Entity::update_many()
        .col_expr(source::Column::IsPartial, Expr::value(is_partial))
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(id))
        .filter(source::Column::IsPartial.eq(!is_partial));
    other.exec(tx).await?;
    Ok(())
}

/// Notes since when a source is being removed, and whether what it declares becomes orphans; or that it stays.
pub(in crate::catalog) async fn note_leaving(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    leaving: Option<(DateTime<Utc>, bool)>,
) -> Result<()> {
    let noted = source::Entity::update_many()
        .col_expr(source::Column::LeavingAt, Expr::value(leaving.map(|(at, _)| at)))
        .col_expr(source::Column::LeavesOrphans, Expr::value(leaving.is_some_and(|(_, orphans)| orphans)))
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(id));
    noted.exec(tx).await?;
    Ok(())
}

/// Whether what a source declares that is being removed becomes orphans.
pub(in crate::catalog) async fn leaves_orphans(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<bool> {
    let found = source::Entity::find()
        .select_only()
        .column(source::Column::LeavesOrphans)
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(id));
    Ok(found.into_tuple().one(db).await?.unwrap_or(false))
}

/// Points a source somewhere else, where nothing is known of it yet.
pub(in crate::catalog) async fn retarget(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    new: &NewSource,
) -> Result<()> {
    source::Entity::update_many()
        .set(source::ActiveModel {
            kind: Set(new.kind.as_str().to_owned()),
            target: Set(new.target.clone()),
            revision: Set(None),
            problem: Set(None),
            allowance: Set(None),
            ..Default::default()
        })
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Writes a target otherwise that means the same place.
pub(in crate::catalog) async fn respell(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    target: &str,
) -> Result<()> {
    source::Entity::update_many()
        .set(source::ActiveModel { target: Set(target.to_owned()), ..Default::default() })
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub(in crate::catalog) async fn source(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<Option<Source>> {
    source::Entity::find_by_id((tenant.to_string(), id)).one(db).await?.map(Source::try_from).transpose()
}

pub(in crate::catalog) async fn source_by_target(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    new: &NewSource,
) -> Result<Option<Source>> {
    source::Entity::find()
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Kind.eq(new.kind.as_str()))
        .filter(is_at(new))
        .order_by_asc(source::Column::CreatedAt)
        .all(db)
        .await?
        .into_iter()
        .find(|row| !new.kind.is_organisation() || reads_the_same(&row.target, &new.target))
        .map(Source::try_from)
        .transpose()
}

/// Whether two addresses of one organisation say the same of what is read there, where capitals matter: names and files have them.
fn reads_the_same(one: &str, other: &str) -> bool {
    let said = |target: &str| target.split_once('?').map(|(_, said)| said.to_owned()).unwrap_or_default();
    said(one) == said(other)
}

fn is_at(new: &NewSource) -> SimpleExpr {
    if new.kind.is_organisation() {
        // Forges find an organisation by its name in capitals and in small letters.
        return Func::lower(Expr::col(source::Column::Target)).eq(new.target.to_lowercase());
    }
    source::Column::Target.is_in(spellings(new))
}

/// How else the same place may be written: forges show a repository with `.git` behind it, and without.
fn spellings(new: &NewSource) -> Vec<String> {
    let mut all = vec![new.target.clone()];
    if new.kind == domain::catalog::SourceKind::Git && new.target.contains("://") {
        let (place, behind) = new.target.split_at(behind(&new.target));
        all.push(match place.strip_suffix(".git") {
            Some(bare) => format!("{bare}{behind}"),
            None => format!("{place}.git{behind}"),
        });
    }
    all
}

pub(in crate::catalog) async fn sources(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Vec<Source>> {
    let rows = source::Entity::find()
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .order_by_asc(source::Column::CreatedAt)
        .order_by_asc(source::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(Source::try_from).collect()
}

/// The next tenant that has sources, in the order of their names.
pub(in crate::catalog) async fn tenant_after(
    db: &impl ConnectionTrait,
    last: Option<&Tenant>,
) -> Result<Option<Tenant>> {
    let sql = "SELECT MIN(tenant) AS tenant FROM sources WHERE tenant > $1";
    let last = last.map(Tenant::as_str).unwrap_or_default();
    let row = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [last.into()])).await?;
    let next: Option<String> = row.map(|row| row.try_get("", "tenant")).transpose()?.flatten();
    next.map(|next| next.parse().map_err(|error| Error::Internal(format!("a tenant: {error}")))).transpose()
}

/// The next sources of a tenant after one, at most `limit`.
pub(in crate::catalog) async fn sources_after(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    last: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Source>> {
    let mut select = source::Entity::find().filter(source::Column::Tenant.eq(tenant.as_str()));
    if let Some(last) = last {
        select = select.filter(source::Column::Id.gt(last));
    }
    let rows = select.order_by_asc(source::Column::Id).limit(limit).all(db).await?;
    rows.into_iter().map(Source::try_from).collect()
}

/// Notes that a sync of these sources is asked for.
pub(in crate::catalog) async fn note_asked(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    ids: &[Uuid],
    at: DateTime<Utc>,
) -> Result<()> {
    for ids in ids.chunks(KEYS) {
        let asked = source::Entity::update_many()
            .col_expr(source::Column::AskedAt, Expr::value(Some(at)))
            .filter(source::Column::Tenant.eq(tenant.as_str()))
            .filter(source::Column::Id.is_in(ids.iter().copied()));
        asked.exec(tx).await?;
    }
    Ok(())
}

/// Sets how many minutes lie between two syncs of a source; `None` for the installation's.
pub(in crate::catalog) async fn set_schedule(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    minutes: Option<u32>,
) -> Result<()> {
    let minutes = minutes.and_then(|minutes| i32::try_from(minutes).ok());
    let set = source::Entity::update_many()
        .col_expr(source::Column::EveryMinutes, Expr::value(minutes))
        .filter(source::Column::Tenant.eq(tenant.as_str()))
        .filter(source::Column::Id.eq(id));
    set.exec(tx).await?;
    Ok(())
}

/// Takes away a source with all that is known of it but its entities.
pub(in crate::catalog) async fn delete_source(tx: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<()> {
    super::delete_files(tx, tenant, id).await?;
    super::replace_troubles(tx, tenant, id, Vec::new()).await?;
    super::replace_texts(tx, tenant, id, Vec::new(), &HashSet::new()).await?;
    super::forget_syncs(tx, tenant, id).await?;
    super::drop_hook(tx, tenant, id).await?;
    super::forget_deliveries(tx, tenant, id).await?;
    conflict::Entity::delete_many()
        .filter(conflict::Column::Tenant.eq(tenant.as_str()))
        .filter(conflict::Column::SourceId.eq(id))
        .exec(tx)
        .await?;
    source::Entity::delete_by_id((tenant.to_string(), id)).exec(tx).await?;
    Ok(())
}
