//! How the API's description shows types that are written as texts.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::catalog::EntityRef;

impl PartialSchema for EntityRef {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The unique name of an entity, in lower case: kind:namespace/name."))
            .examples(["component:default/ticket-api"])
            .into()
    }
}

impl ToSchema for EntityRef {
    fn name() -> Cow<'static, str> {
        "EntityRef".into()
    }
}
