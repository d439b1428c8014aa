//! The software catalog: sources, entities, relations, and questions about them.
