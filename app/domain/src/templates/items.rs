//! Items of lists: added and taken out, by the server and in the browser alike.

use serde_json::{Map, Value};

use super::{Control, Field, form::fields};

/// How many items a form takes in one list.
const MOST: usize = 100;

/// Adds a blank item to the list at `list`, a JSON pointer.
pub fn add_item(schema: &Value, answers: &mut Map<String, Value>, list: &str) {
    let Some(blank) = blank(&fields(schema, answers), list) else { return };
    let mut root = Value::Object(std::mem::take(answers));
    // A list without an item has no answer yet.
    if root.pointer(list).is_none()
        && let Some((parent, name)) = list.rsplit_once('/')
        && let Some(Value::Object(parent)) = root.pointer_mut(parent)
    {
        parent.insert(name.replace("~1", "/").replace("~0", "~"), Value::Array(Vec::new()));
    }
    if let Some(Value::Array(items)) = root.pointer_mut(list)
        && items.len() < MOST
    {
        items.push(blank);
    }
    if let Value::Object(changed) = root {
        *answers = changed;
    }
}

/// Takes the item at `item`, a JSON pointer, out of its list.
pub fn remove_item(answers: &mut Map<String, Value>, item: &str) {
    let Some((list, at)) = item.rsplit_once('/') else { return };
    let mut root = Value::Object(std::mem::take(answers));
    if let (Some(Value::Array(items)), Ok(at)) = (root.pointer_mut(list), at.parse::<usize>())
        && at < items.len()
    {
        items.remove(at);
    }
    if let Value::Object(changed) = root {
        *answers = changed;
    }
}

fn blank(fields: &[Field], pointer: &str) -> Option<Value> {
    fields.iter().find_map(|field| match &field.control {
        Control::List { blank, .. } if field.pointer == pointer => Some(blank.clone()),
        Control::List { items: fields, .. } | Control::Group { fields } => blank(fields, pointer),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_are_added_and_taken_out() {
        let schema = json!({"properties": {"ports": {"type": "array", "items": {"type": "object"}}}});
        let mut answers = Map::new();
        add_item(&schema, &mut answers, "/ports");
        add_item(&schema, &mut answers, "/ports");
        add_item(&schema, &mut answers, "/nowhere");
        assert_eq!(Value::Object(answers.clone()), json!({"ports": [{}, {}]}));
        for item in ["/ports/0", "/ports/9", "/nowhere/0", "ports"] {
            remove_item(&mut answers, item);
        }
        assert_eq!(Value::Object(answers), json!({"ports": [{}]}));
    }
}
