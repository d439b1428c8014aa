//! server/connectors
