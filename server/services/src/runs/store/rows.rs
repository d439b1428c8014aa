//! The tables `runs`, `run_steps` and `run_logs`.

pub(in crate::runs) mod run {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "runs")]
    pub(in crate::runs) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub number: i64,
        pub title: String,
        pub template: String,
        pub template_title: String,
        pub template_etag: String,
        pub template_document: Json,
        pub answers: Json,
        pub status: String,
        pub version: i64,
        pub logged: i64,
        pub created_by: String,
        pub created_at: ChronoDateTimeUtc,
        pub started_at: Option<ChronoDateTimeUtc>,
        pub ended_at: Option<ChronoDateTimeUtc>,
        pub cancel_asked_at: Option<ChronoDateTimeUtc>,
        pub problem: Option<String>,
        pub output: Option<Json>,
        pub starter: Option<Json>,
        pub approval: Option<String>,
        pub approval_by: Option<String>,
        pub approval_at: Option<ChronoDateTimeUtc>,
        pub approval_note: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::runs) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(in crate::runs) mod step {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_steps")]
    pub(in crate::runs) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        pub step_id: String,
        pub name: String,
        pub action: String,
        pub definition: Json,
        pub status: String,
        pub attempt: i32,
        pub attempts_before: i32,
        pub version: i64,
        pub leased_by: Option<String>,
        pub leased_until: Option<ChronoDateTimeUtc>,
        pub due_at: Option<ChronoDateTimeUtc>,
        pub started_at: Option<ChronoDateTimeUtc>,
        pub ended_at: Option<ChronoDateTimeUtc>,
        pub inputs: Option<Json>,
        pub output: Option<Json>,
        pub tree: Option<String>,
        pub problem: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::runs) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(in crate::runs) mod log {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "run_logs")]
    pub(in crate::runs) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub run: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub at: ChronoDateTimeUtc,
        pub kind: String,
        pub level: String,
        pub step: Option<String>,
        pub status: Option<String>,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::runs) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
