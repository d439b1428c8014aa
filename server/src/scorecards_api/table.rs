//! Results as a table for spreadsheets.

use domain::{
    catalog::EntityRef,
    scorecards::{Card, Judged},
};

use crate::lists::csv;

/// One line for each entity.
pub(super) fn csv(card: &Card, items: &[Judged]) -> String {
    let mut text = csv::line(["entity", "title", "owner", "system", "level", "since", "failing", "unknown"]);
    for judged in items {
        let reference = |of: &Option<EntityRef>| of.as_ref().map(ToString::to_string).unwrap_or_default();
        text += &csv::line([
            judged.entity.to_string(),
            judged.title.clone(),
            reference(&judged.owner),
            reference(&judged.system),
            card.scale.title(judged.standing).to_owned(),
            judged.since.to_rfc3339(),
            judged.failing.to_string(),
            judged.unknown.to_string(),
        ]);
    }
    text
}
