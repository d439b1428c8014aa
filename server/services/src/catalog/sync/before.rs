//! What was known of a source before a sync of it.

use std::{collections::HashSet, sync::Arc};

use domain::{
    catalog::Source,
    identity::{Caller, Tenant},
};
use sea_orm::prelude::Uuid;

use super::{
    part,
    recall::{self, Recall},
};
use crate::{
    Result, Services,
    catalog::store::{self, FileRow},
    changes::Transaction,
};

pub(super) struct Before {
    pub(super) source: Source,
    pub(super) files: Files,
    pub(super) recall: Recall,
    /// Whether all that was read the last time is recorded.
    is_whole: bool,
    /// The syncs that are recorded.
    syncs: HashSet<Uuid>,
}

pub(super) type Files = Vec<Arc<FileRow>>;

impl Before {
    pub(super) async fn load(services: &Services, caller: &Caller, source: Source, may_recall: bool) -> Result<Self> {
        let (db, tenant) = (&services.db, &caller.tenant);
        let syncs = store::recorded(db, tenant, source.id).await?.into_iter().map(|sync| sync.id).collect();
        let files: Files = store::file_rows(db, tenant, source.id).await?.into_iter().map(Arc::new).collect();
        // The program reads itself for that, once.
        let knows_itself = tokio::task::spawn_blocking(recall::prepare).await.unwrap_or(false);
        // Of what was recorded in part nobody knows what is missing.
        let is_whole = !store::is_partial(db, tenant, source.id).await?;
        let recall = if may_recall && knows_itself && is_whole {
            Recall::of(db, tenant, source.id, &files).await?
        } else {
            Recall::default()
        };
        Ok(Self { source, files, recall, is_whole, syncs })
    }

    /// Whether all of the source stands as it was read, so that it is enough to ask for a part of it.
    pub(super) async fn stands(&self, services: &Services, caller: &Caller) -> Result<bool> {
        if !self.is_whole || self.source.synced_at.is_none() || self.source.problem.is_some() {
            return Ok(false);
        }
        let syncs = store::syncs_of(&services.db, &caller.tenant, self.source.id).await?;
        Ok(syncs.last().is_some_and(|last| last.problem.is_none()))
    }

    /// The files as they are recorded now, where what others recorded meanwhile has nothing to do with what is touched here; an older
    /// state must not be recorded over a newer one. Nothing where it may have to do with it.
    pub(super) async fn now(
        self,
        tx: &Transaction,
        tenant: &Tenant,
        (source, touched): (&Source, Option<&[String]>),
    ) -> Result<Option<Files>> {
        let seen = &self.source;
        if (source.kind, &source.target) != (seen.kind, &seen.target) {
            return Ok(None);
        }
        if touched.is_some() && store::is_partial(&**tx, tenant, source.id).await? {
            return Ok(None);
        }
        if source.synced_at == seen.synced_at {
            return Ok(Some(self.files));
        }
        let Some(touched) = touched else { return Ok(None) };
        let recorded = store::recorded(&**tx, tenant, source.id).await?;
        // Of more than are remembered nobody knows what they touched.
        let is_known = recorded.iter().any(|sync| self.syncs.contains(&sync.id));
        let mut since = recorded.iter().filter(|sync| !sync.has_failed && !self.syncs.contains(&sync.id));
        if !is_known || !since.all(|sync| sync.part.as_ref().is_some_and(|part| part::are_apart(part, touched))) {
            return Ok(None);
        }
        Ok(Some(store::file_rows(&**tx, tenant, source.id).await?.into_iter().map(Arc::new).collect()))
    }
}
