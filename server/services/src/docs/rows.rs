//! Rows of the docs' tables.

pub(super) mod site {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "docs_sites")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "ref")]
        pub reference: String,
        /// Where it was read from, so that another place is read at once.
        pub place: String,
        pub revision: Option<String>,
        pub name: String,
        pub home: Option<String>,
        pub nav: Json,
        pub remarks: Json,
        pub hash: String,
        pub changed_at: DateTime<Utc>,
        pub checked_at: DateTime<Utc>,
        pub problem: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod file {
    use chrono::{DateTime, Utc};
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "docs_files")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false, column_name = "ref")]
        pub reference: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub path: String,
        /// `page`, `other`, `same` (another name of the file at `edit`), or the media type of an image.
        pub kind: String,
        pub title: String,
        pub hash: String,
        pub edit: Option<String>,
        pub content: Vec<u8>,
        pub changed_at: DateTime<Utc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
