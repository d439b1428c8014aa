//! The names by which the start and its script call each other. Those that the binding tool gives hold a hash each, which nothing
//! compresses: short ones are a hundredth of the first load less.

use std::{collections::HashMap, fs, path::Path};

use crate::Result;

/// Gives what the module takes from its script short names, in both.
pub(crate) fn shorten(module: &Path, script: &Path) -> Result<()> {
    let mut config = walrus::ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let mut bound = config.parse_file(module).map_err(|error| error.to_string())?;
    let mut names = HashMap::new();
    for import in bound.imports.iter_mut().filter(|import| import.name.starts_with("__wb")) {
        let next = format!("_{}", names.len());
        let short = names.entry(import.name.clone()).or_insert(next);
        import.name.clone_from(short);
    }
    bound.emit_wasm_file(module).map_err(|error| error.to_string())?;
    fs::write(script, renamed(&fs::read_to_string(script)?, &names))?;
    Ok(())
}

/// A script with other names in the place of these, wherever they stand as a whole.
fn renamed(script: &str, names: &HashMap<String, String>) -> String {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
    let mut out = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(start) = rest.find(is_of_name) {
        let end = rest[start..].find(|letter| !is_of_name(letter)).map_or(rest.len(), |length| start + length);
        let name = &rest[start..end];
        out.push_str(&rest[..start]);
        out.push_str(names.get(name).map_or(name, String::as_str));
        rest = &rest[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_others_afterwards() {
        let names = HashMap::from([("__wbg_new_1".to_owned(), "_0".to_owned())]);
        let script = "a = { __wbg_new_1: function() { return __wbg_new_12('__wbg_new_1x', $__wbg_new_1) } };";
        assert_eq!(renamed(script, &names), script.replacen("__wbg_new_1", "_0", 1));
    }
}
