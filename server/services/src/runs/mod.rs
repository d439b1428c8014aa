//! Runs: what a template does, step by step, durable.
