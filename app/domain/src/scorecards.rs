//! Standards: levels and rules over entities, and how far each entity has come.
