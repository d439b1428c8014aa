//! Whoever listens for long: a stream must not outlast the session or token that it was opened with.

use std::{future::pending, pin::pin, time::Duration};

use chrono::{DateTime, Utc};
use domain::identity::{Caller, Entry};
use sea_orm::prelude::Uuid;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{Starter, sessions, tokens};
use crate::{Result, Services};

/// How often it is looked whether someone still stands as they came: their teams may be others, their time may be over.
const LOOK: Duration = Duration::from_mins(1);

/// Resolves once `caller` is no longer the one who came: their session or token is over, or they stand otherwise now. Whoever is
/// sent away is found at once.
pub async fn over(services: Services, caller: Caller) {
    let mut news = services.doors.seen.subscribe();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    look.tick().await;
    let mut end = pin!(run_out(caller.standing.until));
    loop {
        let is_told = tokio::select! {
            () = &mut end => return,
            told = news.changed() => told.is_ok(),
            _ = look.tick() => false,
        };
        if is_told {
            // All who listen hear of it at the same moment, and should not all ask the database then.
            sleep(Duration::from_millis(u64::from(Uuid::new_v4().as_bytes()[0]) * 3)).await;
        }
        let stands = async {
            Ok::<_, crate::Error>(is_open(&services, &caller).await? && (is_told || is_same(&services, &caller).await?))
        };
        match stands.await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "it could not be looked up whether someone still is who they were; trying again");
            }
        }
    }
}

/// Resolves when what someone came with runs out by itself; never, where it does not say when.
async fn run_out(until: Option<DateTime<Utc>>) {
    match until {
        Some(until) => sleep((until - Utc::now()).to_std().unwrap_or_default()).await,
        None => pending().await,
    }
}

/// Whether what they came with is still good.
async fn is_open(services: &Services, caller: &Caller) -> Result<bool> {
    let now = Utc::now();
    match &caller.standing.source {
        Entry::Session(id) => {
            let Ok(id) = id.parse() else { return Ok(false) };
            let row = sessions::store::by_id(&services.db, &caller.tenant, id).await?;
            match row.filter(|row| row.expires_at > now) {
                Some(row) => sessions::holds(services, &caller.tenant, &row).await,
                None => Ok(false),
            }
        }
        Entry::Token(id) => {
            let Ok(id) = id.parse() else { return Ok(false) };
            let row = tokens::store::by_id(&services.db, &caller.tenant, id).await?;
            match row.filter(|row| row.ended_at.is_none() && row.expires_at > now) {
                Some(row) => Ok(tokens::rests(services, &caller.tenant, &row).await?.is_none()),
                None => Ok(false),
            }
        }
        Entry::None | Entry::Guest | Entry::Administrator | Entry::Pipeline(_) => Ok(true),
    }
}

/// Whether they stand as they did.
async fn is_same(services: &Services, caller: &Caller) -> Result<bool> {
    let now = Starter::of(caller).now(services, &caller.tenant).await?;
    Ok(now.is_ok_and(|now| now.standing.teams == caller.standing.teams && now.standing.roles == caller.standing.roles))
}
