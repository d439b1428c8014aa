//! The files of a source, as the last sync found them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::{
    catalog::{Outcome, SourceFile},
    identity::Tenant,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::ExprTrait,
};

use super::KEYS;
use crate::{
    Error, Result,
    bulk::{Rows, among},
    catalog::rows::file,
};

/// For each of these files of a source, the file whose Location led there.
pub(in crate::catalog) async fn parents_of_files(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    paths: &[String],
) -> Result<HashMap<String, Option<String>>> {
    let mut found = HashMap::new();
    for paths in paths.chunks(KEYS) {
        let rows: Vec<(String, Option<String>)> = file::Entity::find()
            .select_only()
            .columns([file::Column::Path, file::Column::Parent])
            .filter(file::Column::Tenant.eq(tenant.as_str()))
            .filter(file::Column::SourceId.eq(id))
            .filter(among(db, file::Column::Path, paths))
            .into_tuple()
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// What a file's documents are called, in their order.
pub(in crate::catalog) type Documents = Vec<Option<String>>;

/// A file of a source, as its row tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::catalog) struct FileRow {
    pub(in crate::catalog) file: SourceFile,
    /// What its documents are called.
    pub(in crate::catalog) documents: Documents,
    /// What the next sync needs to know it by, as JSON, where it may be taken as it is.
    pub(in crate::catalog) judged: Option<String>,
}

/// The row with its JSON as texts.
#[derive(Debug, sea_orm::FromQueryResult)]
struct RawFile {
    path: String,
    outcome: String,
    entities: i32,
    problems: String,
    parent: Option<String>,
    documents: Option<String>,
    judged: Option<String>,
}

impl TryFrom<RawFile> for FileRow {
    type Error = Error;

    fn try_from(row: RawFile) -> Result<Self> {
        let outcome = match row.outcome.as_str() {
            "found" => Outcome::Found,
            "skipped" => Outcome::Skipped,
            "warned" => Outcome::Warned,
            _ => Outcome::Rejected,
        };
        let (path, parent) = (row.path, row.parent);
        let (entities, problems) = (u32::try_from(row.entities).unwrap_or(0), serde_json::from_str(&row.problems)?);
        Ok(Self {
            file: SourceFile { path, outcome, entities, problems, parent },
            documents: row.documents.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default(),
            judged: row.judged,
        })
    }
}

/// The files of the last sync, in their order.
pub(in crate::catalog) async fn files(db: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<Vec<SourceFile>> {
    Ok(file_rows(db, tenant, id).await?.into_iter().map(|row| row.file).collect())
}

/// The files of the last sync, in their order, with all that is known of them.
pub(in crate::catalog) async fn file_rows(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
) -> Result<Vec<FileRow>> {
    use file::Column;
    let text = |column: Column| Expr::col((file::Entity, column)).cast_as("text");
    let rows = file::Entity::find()
        .select_only()
        .columns([Column::Path, Column::Outcome, Column::Entities, Column::Parent, Column::Judged])
        .column_as(text(Column::Problems), "problems")
        .column_as(text(Column::Documents), "documents")
        .filter(Column::Tenant.eq(tenant.as_str()))
        .filter(Column::SourceId.eq(id))
        .order_by_asc(Column::Position)
        .into_model::<RawFile>()
        .all(db)
        .await?;
    rows.into_iter().map(FileRow::try_from).collect()
}

/// The files of a source that should be mended.
pub(in crate::catalog) async fn troubled(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    source: Uuid,
) -> Result<Vec<(String, Outcome)>> {
    let outcomes = [Outcome::Rejected, Outcome::Warned];
    let rows: Vec<(String, String)> = file::Entity::find()
        .select_only()
        .columns([file::Column::Path, file::Column::Outcome])
        .filter(file::Column::Tenant.eq(tenant.as_str()))
        .filter(file::Column::SourceId.eq(source))
        .filter(file::Column::Outcome.is_in(outcomes.map(Outcome::as_str)))
        .order_by_asc(file::Column::Position)
        .into_tuple()
        .all(db)
        .await?;
    let outcome = |text: String| outcomes.into_iter().find(|outcome| outcome.as_str() == text);
    Ok(rows.into_iter().filter_map(|(path, text)| Some((path, outcome(text)?))).collect())
}

/// Which of these files had that outcome.
pub(in crate::catalog) async fn files_with(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    asked: &HashSet<(Uuid, String)>,
    outcome: Outcome,
) -> Result<HashSet<(Uuid, String)>> {
    let asked: Vec<&(Uuid, String)> = asked.iter().collect();
    let mut found = HashSet::new();
    for part in asked.chunks(KEYS) {
        let rows: Vec<(Uuid, String)> = file::Entity::find()
            .select_only()
            .columns([file::Column::SourceId, file::Column::Path])
            .filter(file::Column::Tenant.eq(tenant.as_str()))
            .filter(file::Column::SourceId.is_in(part.iter().map(|(source, _)| *source)))
            .filter(file::Column::Path.is_in(part.iter().map(|(_, path)| path.as_str())))
            .filter(file::Column::Outcome.eq(outcome.as_str()))
            .into_tuple()
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

const FILES: Rows<10> = Rows {
    table: "source_files",
    columns: [
        "tenant",
        "source_id",
        "path",
        "position",
        "outcome",
        "entities",
        "problems",
        "parent",
        "documents",
        "judged",
    ],
    json: &["problems", "documents"],
    tail: "ON CONFLICT (tenant, source_id, path) DO UPDATE SET position = excluded.position, \
           outcome = excluded.outcome, entities = excluded.entities, problems = excluded.problems, \
           parent = excluded.parent, documents = excluded.documents, judged = excluded.judged",
};

/// Writes a source's files in place of those before, as far as they are others.
pub(in crate::catalog) async fn replace_files(
    tx: &impl ConnectionTrait,
    tenant: &Tenant,
    id: Uuid,
    old: &[Arc<FileRow>],
    (new, is_part): (&[FileRow], bool),
) -> Result<()> {
    let there: HashSet<&str> = new.iter().map(|row| row.file.path.as_str()).collect();
    let gone: Vec<&str> = old.iter().map(|row| row.file.path.as_str()).filter(|path| !there.contains(path)).collect();
    for paths in gone.chunks(KEYS) {
        let gone = file::Entity::delete_many()
            .filter(file::Column::Tenant.eq(tenant.as_str()))
            .filter(file::Column::SourceId.eq(id))
            .filter(among(tx, file::Column::Path, paths));
        gone.exec(tx).await?;
    }
    let known: HashMap<&str, (usize, &FileRow)> =
        old.iter().enumerate().map(|(position, row)| (row.file.path.as_str(), (position, &**row))).collect();
    let mut rows = Vec::new();
    for (position, row) in new.iter().enumerate() {
        // Where a part was read, each keeps its place, and what is new comes last.
        let place = known.get(row.file.path.as_str()).map_or(old.len() + position, |(place, _)| *place);
        let position = if is_part { place } else { position };
        if known.get(row.file.path.as_str()) == Some(&(position, row)) {
            continue;
        }
        let FileRow { file, documents, judged } = row;
        rows.push([
            tenant.as_str().into(),
            id.into(),
            file.path.as_str().into(),
            i32::try_from(position).unwrap_or(i32::MAX).into(),
            file.outcome.as_str().into(),
            i32::try_from(file.entities).unwrap_or(i32::MAX).into(),
            serde_json::to_string(&file.problems)?.into(),
            file.parent.clone().into(),
            serde_json::to_string(documents)?.into(),
            judged.clone().into(),
        ]);
    }
    FILES.insert(tx, rows).await
}

/// Takes away all files of a source.
pub(super) async fn delete_files(tx: &impl ConnectionTrait, tenant: &Tenant, id: Uuid) -> Result<()> {
    let all = file::Entity::delete_many()
        .filter(file::Column::Tenant.eq(tenant.as_str()))
        .filter(file::Column::SourceId.eq(id));
    all.exec(tx).await?;
    Ok(())
}
