//! How often one address may ask.

use std::sync::Arc;

use axum::body::Body;
use tower_governor::{GovernorLayer, governor::GovernorConfigBuilder, key_extractor::PeerIpKeyExtractor};

/// Answers 429 with `Retry-After` to an address that asks more than `per_second` times a second for longer than four
/// seconds.
pub(crate) fn per_address(
    per_second: u32,
) -> GovernorLayer<PeerIpKeyExtractor, governor::middleware::NoOpMiddleware, Body> {
    let nanoseconds = u64::from(1_000_000_000 / per_second.clamp(1, 1_000_000_000));
    let config = GovernorConfigBuilder::default()
        .per_nanosecond(nanoseconds)
        .burst_size(per_second.saturating_mul(4))
        .finish()
        .expect("a positive rate and burst are a valid limit");
    GovernorLayer::new(Arc::new(config))
}
