//! What the product promises, through HTTP, by the real binary, on both databases.
//!
//! `both!` writes each promise once and runs it on SQLite and on PostgreSQL (a cluster of its own, from the installed binaries).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[macro_use]
mod portal;
mod postgres;

mod api_v1;
mod approvals;
mod architecture;
mod attacks;
mod audit_stream;
mod bad_input;
mod catalog;
mod checks;
mod client;
mod crash;
mod credentials;
mod definitions;
mod dialect;
mod docs;
mod doctor;
mod figures;
mod forge;
mod formats;
mod foundation;
mod git;
mod lifecycle;
mod lists;
mod matrix;
mod may_not;
mod memory;
mod organisations;
mod permission;
mod policy_folder;
mod provider;
mod questions;
mod road;
mod role_uses;
mod roles;
mod scaffolder;
mod scim;
mod scorecards;
mod sign_in;
mod templates;
mod trust;
mod web;
mod webhooks;
mod who_can;
mod who_may;
