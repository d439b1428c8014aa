//! Functions that no browser runs, though a table holds them.
//!
//! A view carries a table of all that can be done with it. Among that is taking over a page while its parts still arrive, which the
//! start does not do (it fetches the page's part first), and telling which routes there are, which servers ask. No compiler can
//! know that nobody will look these up. Without them the first load is a twentieth less.

use std::{collections::BTreeSet, fs, path::Path};

use walrus::{
    FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module, ModuleConfig,
    ir::{Call, RefFunc, ReturnCall, Visitor, dfs_in_order},
};

use crate::Result;

/// By what their names, as the compiler writes them, are told.
const NAMED: [&str; 2] = ["13hydrate_async", "15generate_routes"];

/// Empties such functions in a module that still has its names, and takes the names out. What only they used goes when the module
/// is optimised. Gives how many there were.
pub(crate) fn empty(module: &Path) -> Result<usize> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let mut parsed = config.parse(&fs::read(module)?).map_err(|error| error.to_string())?;
    let emptied = empty_in(&mut parsed);
    parsed.emit_wasm_file(module).map_err(|error| error.to_string())?;
    Ok(emptied)
}

fn empty_in(module: &mut Module) -> usize {
    let unreached = unreached(module);
    for &id in &unreached {
        let function = module.funcs.get(id);
        let kind = module.types.get(function.ty());
        let (params, results) = (kind.params().to_vec(), kind.results().to_vec());
        let FunctionKind::Local(LocalFunction { args, .. }) = &function.kind else { continue };
        let args = args.clone();
        let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
        // Whoever runs one after all fails at once, and so does the test that opened the page.
        builder.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(args));
    }
    unreached.len()
}

/// Functions with such a name that stand in tables alone. One that another function calls by itself is kept: functions of the same
/// content are one, under either's name.
fn unreached(module: &Module) -> BTreeSet<FunctionId> {
    let named = |id: FunctionId| {
        let name = module.funcs.get(id).name.as_deref().unwrap_or_default();
        NAMED.iter().any(|part| name.contains(part)) && !name.contains("drop_in_place")
    };
    let mut candidates: BTreeSet<FunctionId> =
        module.funcs.iter_local().map(|(id, _)| id).filter(|id| named(*id)).collect();
    for export in module.exports.iter() {
        if let walrus::ExportItem::Function(id) = export.item {
            candidates.remove(&id);
        }
    }
    loop {
        let mut called = Called::default();
        for (_, function) in module.funcs.iter_local().filter(|(id, _)| !candidates.contains(id)) {
            dfs_in_order(&mut called, function, function.entry_block());
        }
        let before = candidates.len();
        candidates.retain(|id| !called.0.contains(id));
        if candidates.len() == before {
            return candidates;
        }
    }
}

/// Which functions are called by name.
#[derive(Default)]
struct Called(BTreeSet<FunctionId>);

impl Visitor<'_> for Called {
    fn visit_call(&mut self, call: &Call) {
        self.0.insert(call.func);
    }

    fn visit_return_call(&mut self, call: &ReturnCall) {
        self.0.insert(call.func);
    }

    fn visit_ref_func(&mut self, reference: &RefFunc) {
        self.0.insert(reference.func);
    }
}

#[cfg(test)]
mod tests {
    use walrus::{ExportItem, ir::Instr};

    use super::*;

    fn function(module: &mut Module, name: &str, calls: Option<FunctionId>) -> FunctionId {
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder.name(name.to_owned());
        match calls {
            Some(id) => builder.func_body().call(id),
            None => builder.func_body().return_(),
        };
        builder.finish(Vec::new(), &mut module.funcs)
    }

    fn is_empty(module: &Module, id: FunctionId) -> bool {
        let function = module.funcs.get(id).kind.unwrap_local();
        matches!(function.block(function.entry_block()).instrs[..], [(Instr::Unreachable(_), _)])
    }

    #[test]
    fn what_stands_in_tables_alone_is_emptied_and_what_is_called_is_kept() {
        let mut module = Module::default();
        let inner = function(&mut module, "_ZN3dom13hydrate_async17h1E", None);
        let outer = function(&mut module, "_ZN4page13hydrate_async17h2E", Some(inner));
        let same = function(&mut module, "_ZN4rows13hydrate_async17h3E", None);
        let caller = function(&mut module, "_ZN4rows5build17h4E", Some(same));
        let exported = function(&mut module, "_ZN6shared15generate_routes17h5E", None);
        module.exports.add("shared", ExportItem::Function(exported));

        empty_in(&mut module);
        assert!(is_empty(&module, outer));
        assert!(is_empty(&module, inner), "only an emptied one calls it");
        assert!(!is_empty(&module, same), "one with the same content is called under this name");
        assert!(!is_empty(&module, caller));
        assert!(!is_empty(&module, exported), "another module may call it");
    }
}
