//! What the address of a list asks for in vain.

use std::collections::HashSet;

use super::{Column, Listing, listing::ORDERS};

impl Listing {
    /// What an address asks for that no list has, or has no more of: each as a message.
    pub fn misread(part: impl Fn(&str) -> Vec<String>) -> Vec<String> {
        let last = |key: &str| part(key).pop().filter(|text| !text.is_empty());
        let short = |text: &str| text.chars().take(60).collect::<String>();
        let mut told = Vec::new();
        if let Some(sort) = last("sort").filter(|sort| !ORDERS.iter().any(|(name, _)| name == sort)) {
            let known: Vec<String> = ORDERS.iter().map(|(name, _)| format!("`{name}`")).collect();
            told.push(format!("a list cannot be sorted by `{}`; `sort` is one of {}", short(&sort), known.join(", ")));
        }
        if let Some(order) = last("order").filter(|order| !["asc", "desc"].contains(&order.as_str())) {
            told.push(format!("`order` is `asc` or `desc`, not `{}`", short(&order)));
        }
        let columns = part("columns").join(",");
        let columns: Vec<&str> = columns.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
        let (known, unknown): (Vec<&str>, Vec<&str>) =
            columns.into_iter().filter(|key| *key != "name").partition(|key| Column::read(key).is_some());
        if !unknown.is_empty() {
            let keys: Vec<String> = unknown.iter().take(5).map(|key| format!("`{}`", short(key))).collect();
            told.push(format!("there is no column {}; correct or remove it", keys.join(", ")));
        }
        let known: HashSet<&str> = known.into_iter().collect();
        if known.len() > Column::MOST {
            told.push(format!("a list has at most {} columns; {} were asked for", Column::MOST, known.len()));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_list_has_is_told() {
        let told = |parts: &[(&str, &str)]| {
            Listing::misread(|name| {
                parts.iter().filter(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()).collect()
            })
        };
        for fine in [
            &[("sort", "changed"), ("order", "asc"), ("columns", "name,type"), ("columns", "label:x")][..],
            &[
                ("sort", ""),
                ("order", "desc"),
                ("columns", "type,type,type,type,type,type,type,type,type,type,type,type,type"),
            ],
        ] {
            assert!(told(fine).is_empty(), "{fine:?}");
        }
        let many: Vec<String> = (0..13).map(|number| format!("label:l{number}")).collect();
        assert_eq!(
            told(&[("sort", "bogus"), ("order", "sideways"), ("columns", "type,bogus"), ("columns", &many.join(","))]),
            [
                "a list cannot be sorted by `bogus`; `sort` is one of `name`, `type`, `owner`, `system`, `lifecycle`, `changed`",
                "`order` is `asc` or `desc`, not `sideways`",
                "there is no column `bogus`; correct or remove it",
                "a list has at most 12 columns; 14 were asked for",
            ]
        );
    }
}
