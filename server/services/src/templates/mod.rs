//! Templates: documents of `scaffolder.backstage.io/v1beta3`, their forms, their expressions and their plans.

pub mod answers;
pub mod expression;
pub mod repo_url;
pub mod skeleton;
