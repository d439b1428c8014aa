//! `cargo run -p xtask -- bundle WASM`: turns the compiled front end into what the server serves.
//!
//! Binds the WASM module, optimises it, gathers style sheet, scripts and fonts, puts a hash of its content into each name,
//! compresses, and writes `target/site/manifest.json`. The binding library is a dependency of this workspace, so Cargo.lock
//! keeps it at the version of `wasm-bindgen` in the front end; the two must be the same.

mod names;
mod packs;
mod parts;
mod unreached;

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

use self::parts::{Placed, bind};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bundle", wasm] => bundle(Path::new(wasm)),
        _ => Err("usage: xtask bundle FILE.wasm".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn bundle(wasm: &Path) -> Result<()> {
    let started = Instant::now();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let style = root.join("style");
    let site = root.join("target/site");
    let inputs = fingerprint(&root, wasm, &style)?;
    if fs::read_to_string(site.join("inputs")).is_ok_and(|kept| kept == inputs) {
        println!("bundle: up to date");
        return Ok(());
    }
    let work = root.join("target/site-build");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work)?;

    let bound = bind(wasm, &work)?;
    optimise(&style, bound.groups()?)?;
    run(
        "tailwindcss",
        Command::new(style.join("node_modules/.bin/tailwindcss"))
            .args(["--input", "style/tailwind.css", "--minify", "--output"])
            .arg(work.join("causeway.css"))
            .current_dir(&root),
    )?;

    let mut out = Output::new(&root)?;
    let fonts = fonts(&style, &work)?;
    let mut css = fs::read_to_string(work.join("causeway.css"))?;
    let mut preloaded = Vec::new();
    for font in &fonts {
        let name = file_name(font)?;
        let hashed = out.add(&name, &fs::read(font)?)?;
        let before = css.len();
        css = css.replace(&format!("/pkg/fonts/{name}"), &format!("/pkg/{hashed}"));
        // The mono face is for code only; the text face is needed by the first paint, with its usual letters.
        if css.len() != before && name.starts_with("geist-basic") {
            preloaded.push(hashed);
        }
    }
    let Placed { wasm, script, split, parts } = bound.place(&mut out, &style)?;
    let manifest = BTreeMap::from([
        ("wasm", wasm),
        ("script", script),
        ("split", split),
        ("boot", out.add("boot.js", &fs::read(style.join("boot.js"))?)?),
        ("start", out.add("start.js", &fs::read(style.join("start.js"))?)?),
        ("style", out.add("causeway.css", css.as_bytes())?),
        ("icon", out.add("icon.svg", &fs::read(style.join("icon.svg"))?)?),
    ]);
    let mut json: Vec<String> = manifest.iter().map(|(key, name)| format!("  \"{key}\": \"{name}\"")).collect();
    json.push(format!("  \"fonts\": [{}]", quoted(&preloaded)));
    let listed: Vec<String> =
        parts.iter().map(|(part, names)| format!("    \"{part}\": [{}]", quoted(names))).collect();
    json.push(format!("  \"parts\": {{\n{}\n  }}", listed.join(",\n")));
    out.finish(&format!("{{\n{}\n}}\n", json.join(",\n")), &inputs, &parts)?;
    println!("bundle: done in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// A hash over all that the bundle is made of, so that an unchanged one is not made again.
fn fingerprint(root: &Path, wasm: &Path, style: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&fs::read(wasm).map_err(|error| format!("{}: {error}", wasm.display()))?);
    for name in [
        "tailwind.css",
        "theme.css",
        "optimise.mjs",
        "minify.mjs",
        "fonts.mjs",
        "boot.js",
        "start.js",
        "icon.svg",
        "package-lock.json",
    ] {
        hasher.update(&fs::read(style.join(name)).map_err(|error| format!("style/{name}: {error}"))?);
    }
    for file in walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))? {
        hasher.update(&fs::read(file)?);
    }
    for file in walk(&style.join("pieces"))? {
        hasher.update(&fs::read(file)?);
    }
    // Class names are found in the sources, which are in the WASM file only as far as the browser renders them.
    for file in walk(&root.join("app/src"))? {
        hasher.update(&fs::read(file)?);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(walk(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// Makes modules small. Each group has a process of its own, since one uses one core.
fn optimise(style: &Path, groups: [Vec<PathBuf>; 2]) -> Result<()> {
    let running = groups.map(|modules| {
        let script = style.join("optimise.mjs");
        std::thread::spawn(move || run("optimise.mjs", Command::new("node").arg(script).args(modules)))
    });
    for process in running {
        process.join().map_err(|_| "optimising stopped")??;
    }
    Ok(())
}

fn run(what: &str, command: &mut Command) -> Result<()> {
    let output = command.output().map_err(|error| format!("{what} did not start: {error}; run `make setup`"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{what} failed: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// The fonts that the theme names, cut as it says, in the folder `work`.
fn fonts(style: &Path, work: &Path) -> Result<Vec<PathBuf>> {
    let (script, theme) = (style.join("fonts.mjs"), style.join("theme.css"));
    run("fonts.mjs", Command::new("node").arg(script).arg(work).arg(theme))?;
    let mut fonts: Vec<PathBuf> = fs::read_dir(work)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    fonts.retain(|path| path.extension().is_some_and(|ending| ending == "woff2"));
    fonts.sort();
    if fonts.is_empty() {
        return Err("style/theme.css names no font that style/fonts.mjs finds".into());
    }
    Ok(fonts)
}

fn file_name(path: &Path) -> Result<String> {
    Ok(path.file_name().and_then(|name| name.to_str()).ok_or("a file without a name")?.to_owned())
}

/// The folder that the server serves, made beside the present one and swapped in when it is whole.
struct Output {
    site: PathBuf,
    next: PathBuf,
    sizes: Vec<Size>,
}

/// How large a file is, as it is and compressed, in bytes.
struct Size {
    name: String,
    placed: String,
    whole: usize,
    wire: usize,
}

impl Output {
    fn new(root: &Path) -> Result<Self> {
        let (site, next) = (root.join("target/site"), root.join("target/site-next"));
        let _ = fs::remove_dir_all(&next);
        fs::create_dir_all(next.join("pkg"))?;
        Ok(Self { site, next, sizes: Vec::new() })
    }

    /// Adds a file and returns its name with the hash of its content.
    fn add(&mut self, name: &str, content: &[u8]) -> Result<String> {
        let hash = &blake3::hash(content).to_hex()[..12];
        let hashed = match name.rsplit_once('.') {
            Some((stem, ending)) => format!("{stem}.{hash}.{ending}"),
            None => format!("{name}.{hash}"),
        };
        self.add_as(name, &hashed, content)?;
        Ok(hashed)
    }

    /// Adds a file under a name that was chosen before.
    fn add_as(&mut self, name: &str, hashed: &str, content: &[u8]) -> Result<()> {
        let path = self.next.join("pkg").join(hashed);
        fs::write(&path, content)?;
        let mut wire = content.len();
        // Fonts are compressed already.
        if !is_font(name) {
            let mut brotli = Vec::new();
            brotli::CompressorWriter::new(&mut brotli, 1 << 16, 11, 24).write_all(content)?;
            wire = brotli.len();
            fs::write(format!("{}.br", path.display()), &brotli)?;
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            gzip.write_all(content)?;
            fs::write(format!("{}.gz", path.display()), gzip.finish()?)?;
        }
        self.sizes.push(Size { name: name.to_owned(), placed: hashed.to_owned(), whole: content.len(), wire });
        Ok(())
    }

    fn finish(self, manifest: &str, inputs: &str, parts: &BTreeMap<String, Vec<String>>) -> Result<()> {
        fs::write(self.next.join("manifest.json"), manifest)?;
        fs::write(self.next.join("inputs"), inputs)?;
        let _ = fs::remove_dir_all(&self.site);
        fs::rename(&self.next, &self.site)?;
        let later: BTreeSet<&String> = parts.values().flatten().collect();
        let wire = |which: &dyn Fn(&Size) -> bool| -> usize {
            self.sizes.iter().filter(|size| which(size)).map(|size| size.wire).sum()
        };
        for Size { name, whole, wire, .. } in &self.sizes {
            println!("bundle: {name:40} {:>8.1} KiB, {:>7.1} KiB over the wire", kib(*whole), kib(*wire));
        }
        let start = wire(&|size| !is_font(&size.name) && !later.contains(&size.placed));
        for (part, modules) in parts {
            let first = start + wire(&|size| modules.contains(&size.placed));
            println!("bundle: first load of {part:26} {:>7.1} KiB over the wire", kib(first));
        }
        Ok(())
    }
}

fn is_font(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "woff2")
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files are far below 2^52")]
fn kib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}
