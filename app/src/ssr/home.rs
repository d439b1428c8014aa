//! Gathers what changed lately, in few lines.

use services::{Result, Services, changes, domain::changes::Change, identity::Caller};

use super::count;
use crate::home::functions::Happened;

/// How many changes are looked through.
const WINDOW: u64 = 600;
/// How many lines are told.
const LINES: usize = 10;

/// What changed lately, newest first; what happened to several things at once is one line.
pub(crate) async fn lately(services: &Services, caller: &Caller) -> Result<Vec<Happened>> {
    let last = changes::last(services, caller).await?;
    let from = last.saturating_sub(i64::try_from(WINDOW).unwrap_or(i64::MAX)).max(0);
    let changes = changes::read(services, caller, from, WINDOW).await?;
    Ok(gathered(changes))
}

fn gathered(changes: Vec<Change>) -> Vec<Happened> {
    let mut lines: Vec<Happened> = Vec::new();
    let mut counts: Vec<usize> = Vec::new();
    for change in changes.into_iter().rev() {
        let at = change.at.timestamp_millis();
        // A batch commits its rows with one time.
        let same = lines.iter().position(|line| line.at == at && line.kind == change.kind);
        if let Some(same) = same {
            counts[same] += 1;
        } else if lines.len() < LINES {
            lines.push(Happened { kind: change.kind, subject: change.subject, count: 1, at, actor: change.actor });
            counts.push(1);
        }
    }
    for (line, number) in lines.iter_mut().zip(counts) {
        line.count = count(number);
    }
    lines
}
