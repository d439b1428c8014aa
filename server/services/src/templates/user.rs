//! Whoever asks for a run, as the expressions of its template see them: `user`.

use domain::catalog::{DEFAULT_NAMESPACE, EntityRef};
use serde_json::{Value, json};

/// Of a subject, as it writes itself. A program is nobody's user, as in Backstage.
pub(crate) fn seen(subject: &str) -> Value {
    let subject = subject.to_lowercase();
    if subject.starts_with("machine:") {
        return json!({});
    }
    // Who signed in is known by their whole name; others are told of as people.
    let user = subject.parse::<EntityRef>().ok().filter(|user| user.kind() == "user");
    let user = user.unwrap_or_else(|| EntityRef::new("user", DEFAULT_NAMESPACE, &subject));
    json!({
        "ref": user.to_string(),
        "entity": { "kind": "User", "metadata": { "name": user.name(), "namespace": user.namespace() }, "spec": { "profile": {} } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_known_by_their_whole_name_and_programs_by_none() {
        for (subject, reference) in [
            ("user:people/Ada", json!("user:people/ada")),
            ("guest", json!("user:default/guest")),
            ("machine:ada", Value::Null),
        ] {
            assert_eq!(seen(subject)["ref"], reference, "{subject}");
        }
        assert_eq!(seen("user:people/ada")["entity"]["metadata"], json!({ "name": "ada", "namespace": "people" }));
    }
}
