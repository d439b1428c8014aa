//! Dated schema changes for SQLite and PostgreSQL. How to write one: `README.md`.

use sea_orm_migration::prelude::*;

mod columns;
mod m20261123_000100_changes;
mod m20261123_000200_catalog;
mod m20261123_000300_scorecards;
mod m20261123_000400_runs;
mod m20261126_000100_lifecycle;
mod m20261126_000200_kinds;
mod m20261126_000300_recall;
mod m20261126_000400_docs;
mod m20261126_000410_own;
mod m20261126_000500_credentials;
mod m20261126_000600_identity;
mod m20261126_000700_permission;
mod m20261127_000100_scim;
mod m20261127_000200_audit_streams;
mod m20261127_000300_starters;
mod m20261127_000500_role_uses;
mod m20261127_000600_approvals;
mod m20261127_000710_shared_files;
mod m20261127_000800_confirmed;
mod m20261127_000900_trust;
mod m20261127_001200_other_names;
mod m20261127_001300_pushed;
mod m20261127_001310_partial;
mod m20261128_000100_same_person;
mod m20261128_000200_whose_roles;
mod m20261128_000300_whose_grants;
mod m20261128_000400_persons;
mod m20261128_000500_bound_tokens;
mod m20261128_000600_told_by;
mod m20261128_000700_parts;
mod m20261128_000800_leaving;

/// Every change of the schema, oldest first.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000100_changes::Migration),
            Box::new(m20261123_000200_catalog::Migration),
            Box::new(m20261123_000300_scorecards::Migration),
            Box::new(m20261123_000400_runs::Migration),
            Box::new(m20261126_000100_lifecycle::Migration),
            Box::new(m20261126_000200_kinds::Migration),
            Box::new(m20261126_000300_recall::Migration),
            Box::new(m20261126_000400_docs::Migration),
            Box::new(m20261126_000410_own::Migration),
            Box::new(m20261126_000500_credentials::Migration),
            Box::new(m20261126_000600_identity::Migration),
            Box::new(m20261126_000700_permission::Migration),
            Box::new(m20261127_000100_scim::Migration),
            Box::new(m20261127_000200_audit_streams::Migration),
            Box::new(m20261127_000300_starters::Migration),
            Box::new(m20261127_000500_role_uses::Migration),
            Box::new(m20261127_000600_approvals::Migration),
            Box::new(m20261127_000710_shared_files::Migration),
            Box::new(m20261127_000800_confirmed::Migration),
            Box::new(m20261127_000900_trust::Migration),
            Box::new(m20261127_001200_other_names::Migration),
            Box::new(m20261127_001300_pushed::Migration),
            Box::new(m20261127_001310_partial::Migration),
            Box::new(m20261128_000100_same_person::Migration),
            Box::new(m20261128_000200_whose_roles::Migration),
            Box::new(m20261128_000300_whose_grants::Migration),
            Box::new(m20261128_000400_persons::Migration),
            Box::new(m20261128_000500_bound_tokens::Migration),
            Box::new(m20261128_000600_told_by::Migration),
            Box::new(m20261128_000700_parts::Migration),
            Box::new(m20261128_000800_leaving::Migration),
        ]
    }
}
