//! Rows of the catalog's tables, and what they mean.

pub(super) mod source {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sources")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: String,
        pub target: String,
        pub created_at: DateTime<Utc>,
        pub synced_at: Option<DateTime<Utc>>,
        pub tried_at: Option<DateTime<Utc>>,
        pub revision: Option<String>,
        pub problem: Option<String>,
        pub entities: i32,
        pub files: i32,
        pub rejected: i32,
        pub warned: i32,
        /// Since when a sync is asked for or under way.
        pub asked_at: Option<DateTime<Utc>>,
        pub every_minutes: Option<i32>,
        pub branch: Option<String>,
        pub follows_default: bool,
        /// How many requests the server there still allows.
        pub allowance: Option<Json>,
        /// Which people and teams of it count.
        pub trust: String,
        pub is_partial: bool,
        /// Since when it is being removed.
        pub leaving_at: Option<DateTime<Utc>>,
        /// Whether what it declares becomes orphans then.
        pub leaves_orphans: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod file {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "source_files")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub path: String,
        pub position: i32,
        pub outcome: String,
        pub entities: i32,
        pub problems: Json,
        pub parent: Option<String>,
        /// What its documents are called, in their order.
        pub documents: Option<Json>,
        /// What the next sync needs to know it by, as JSON, where it may be taken as it is.
        pub judged: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod entity {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "entities")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "ref")]
        pub reference: String,
        pub uid: Uuid,
        pub etag: String,
        /// Of what its source declares, so that a sync sees at once what did not change.
        pub hash: String,
        pub document: Json,
        pub source_id: Uuid,
        pub path: String,
        pub changed_at: DateTime<Utc>,
        pub orphaned_at: Option<DateTime<Utc>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod relation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, Hash, DeriveEntityModel)]
    #[sea_orm(table_name = "relations")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_ref: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "type")]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub target_ref: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub declared_by: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod conflict {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, Hash, DeriveEntityModel)]
    #[sea_orm(table_name = "conflicts")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "ref")]
        pub reference: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub path: String,
        pub owner_id: Uuid,
        pub owner_path: String,
        pub since: Option<DateTime<Utc>>,
        /// Whether both are one and the same file, which two sources read: that is no conflict.
        pub is_same: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
