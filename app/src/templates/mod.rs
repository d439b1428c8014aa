//! Templates: documents of `scaffolder.backstage.io/v1beta3`, their forms and their expressions.
