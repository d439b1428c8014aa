//! Splits the module into the start and the parts that arrive when a page asks for them, and binds both to JavaScript.
//!
//! The compiler's module says where it may be split (`#[lazy]` in the application). What only one part uses goes into that
//! part's module, what several use into modules between them, the rest stays in the start. The modules between parts are many
//! and small, so they travel in packs (see [`crate::packs`]).

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Output, Result, file_name, names, packs, run, unreached};

/// The script that binds the start.
const SCRIPT: &str = "causeway.js";
/// The script that fetches parts.
const SPLIT: &str = "split.js";

/// Modules and scripts, under the names they call each other by.
pub(crate) struct Bound {
    work: PathBuf,
    start: PathBuf,
    modules: Vec<PathBuf>,
    /// The names of the modules of each part, without their ending.
    parts: BTreeMap<String, Vec<String>>,
}

/// Where everything is, under names with a hash.
pub(crate) struct Placed {
    pub(crate) wasm: String,
    pub(crate) script: String,
    pub(crate) split: String,
    /// The files that each part needs.
    pub(crate) parts: BTreeMap<String, Vec<String>>,
}

/// Splits and binds the compiler's module into `work`.
pub(crate) fn bind(wasm: &Path, work: &Path) -> Result<Bound> {
    let input = fs::read(wasm)?;
    let main = work.join("start.wasm");
    let (script, split) = (format!("./{SCRIPT}"), format!("./{SPLIT}"));
    let mut options = wasm_split_cli_support::Options::new(&input);
    options.output_dir = work;
    options.main_out_path = &main;
    options.main_module = &script;
    options.link_name = &split;
    let made = wasm_split_cli_support::transform(options).map_err(|error| format!("splitting failed: {error:?}"))?;

    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(&main)
        .out_name("causeway")
        .web(true)
        .map_err(|error| error.to_string())?
        // Parts are joined to the start by the names that the linker gave.
        .keep_lld_exports(true)
        .demangle(false)
        .typescript(false)
        .omit_default_module_path(true)
        .remove_producers_section(true)
        .generate(work)
        .map_err(|error| error.to_string())?;
    if work.join("snippets").exists() {
        return Err(
            "the bundle has JavaScript snippets, which nothing here ships: find the crate that brought them".into()
        );
    }
    let mut emptied = 0;
    for module in made.split_modules.iter().map(PathBuf::as_path).chain([work.join("causeway_bg.wasm").as_path()]) {
        emptied += unreached::empty(module)?;
    }
    if emptied == 0 {
        return Err("no function has a name by which `unreached.rs` knows those that no browser runs: the compiler calls them otherwise by now".into());
    }
    names::shorten(&work.join("causeway_bg.wasm"), &work.join(SCRIPT))?;
    // `split_NAME_HASH`, where the hash is of the place in the source.
    let name = |key: &str| key.rsplit_once('_').map_or(key, |(name, _)| name).to_owned();
    Ok(Bound {
        work: work.to_owned(),
        start: work.join("causeway_bg.wasm"),
        modules: made.split_modules,
        parts: made.prefetch_map.iter().map(|(key, modules)| (name(key), modules.clone())).collect(),
    })
}

impl Bound {
    /// Every module, in two groups of about the same size.
    pub(crate) fn groups(&self) -> Result<[Vec<PathBuf>; 2]> {
        let mut modules = Vec::new();
        for module in self.modules.iter().chain([&self.start]) {
            modules.push((fs::metadata(module)?.len(), module));
        }
        modules.sort_by(|a, b| b.cmp(a));
        let mut groups: [(u64, Vec<PathBuf>); 2] = Default::default();
        for (size, module) in modules {
            let smaller = usize::from(groups[1].0 < groups[0].0);
            groups[smaller].0 += size;
            groups[smaller].1.push(module.clone());
        }
        Ok(groups.map(|(_, modules)| modules))
    }

    /// Puts everything under a name with a hash, and has the scripts call it so.
    pub(crate) fn place(self, out: &mut Output, style: &Path) -> Result<Placed> {
        let wasm = out.add("causeway.wasm", &fs::read(&self.start)?)?;
        let mut script = fs::read_to_string(self.work.join(SCRIPT))?;
        let mut modules = BTreeMap::new();
        for module in &self.modules {
            let name = file_name(module)?;
            modules.insert(name.trim_end_matches(".wasm").to_owned(), fs::read(module)?);
        }
        let packs = packs::pack(&self.parts, modules);
        let mut split = packs::FETCH.to_owned() + &fs::read_to_string(self.work.join(SPLIT))?;
        let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pack in packs {
            let placed = out.add(&format!("{}.bin", pack.name), &pack.content)?;
            for (module, place) in &pack.places {
                split = packs::redirect(&split, module, &placed, place)?;
            }
            for part in pack.parts {
                parts.entry(part).or_default().push(placed.clone());
            }
        }
        // The two scripts name each other, so one hash stands for both.
        let hash = blake3::hash(format!("{script}{split}").as_bytes()).to_hex();
        let names = [SCRIPT, SPLIT].map(|name| name.replace(".js", &format!(".{}.js", &hash[..12])));
        // Inside the module the scripts keep the names it was bound with.
        script = script.replace(&format!("from \"./{SPLIT}\""), &format!("from \"./{}\"", names[1]));
        split = split.replace(&format!("from \"./{SCRIPT}\""), &format!("from \"./{}\"", names[0]));
        let files = [SCRIPT, SPLIT].map(|name| self.work.join(name));
        fs::write(&files[0], script)?;
        fs::write(&files[1], split)?;
        run("minify.mjs", Command::new("node").arg(style.join("minify.mjs")).args(&files))?;
        out.add_as(SCRIPT, &names[0], &fs::read(&files[0])?)?;
        out.add_as(SPLIT, &names[1], &fs::read(&files[1])?)?;
        let [script, split] = names;
        Ok(Placed { wasm, script, split, parts })
    }
}
