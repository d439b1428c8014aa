//! What the pages of scorecards ask the server for.

use domain::scorecards::{Card, EntityFilter, Judged, Overview, RuleDetail};
use leptos::prelude::*;

use crate::AppError;

/// Every scorecard with its distribution.
#[server(prefix = "/api/portal", output = crate::wire::Json, input = server_fn::codec::Json)]
pub(super) async fn get_scorecards() -> Result<Vec<Card>, AppError> {
    use crate::ssr::{caller, reply, services};

    reply(services::scorecards::list(&services(), &caller()).await)
}

/// One scorecard, for all or for one team or system.
#[server(prefix = "/api/portal", output = crate::wire::Json, input = server_fn::codec::Json)]
pub(super) async fn get_scorecard(name: String, filter: EntityFilter) -> Result<Overview, AppError> {
    use crate::ssr::{caller, reply, services};

    let reference = reply(services::scorecards::named(&name))?;
    reply(services::scorecards::overview(&services(), &caller(), &reference, &filter).await)
}

/// The entities of a scorecard that a filter means.
#[server(prefix = "/api/portal", output = crate::wire::Json, input = server_fn::codec::Json)]
pub(super) async fn get_results(name: String, filter: EntityFilter) -> Result<(Card, Vec<Judged>), AppError> {
    use crate::ssr::{caller, reply, services};

    let reference = reply(services::scorecards::named(&name))?;
    reply(services::scorecards::results(&services(), &caller(), &reference, &filter).await)
}

/// One rule with every entity it is about.
#[server(prefix = "/api/portal", output = crate::wire::Json, input = server_fn::codec::Json)]
pub(super) async fn get_rule(name: String, rule: String) -> Result<RuleDetail, AppError> {
    use crate::ssr::{caller, reply, services};

    let reference = reply(services::scorecards::named(&name))?;
    reply(services::scorecards::rule(&services(), &caller(), &reference, &rule).await)
}
