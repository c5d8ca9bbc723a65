//! Builds the pages in `web/` and writes the table of their files that `src/lib.rs` includes.
//!
//! * `CONSOLE_DIST=DIR` takes pages that were built before, and needs no npm: for packagers.
//! * `SKIP_CONSOLE=1` embeds one page that says so: for editors, which run build scripts too, and for whoever
//!   works on something else.
//! * Otherwise `npm ci` runs when `package-lock.json` is not what was last installed, then the build.
//!
//! What npm says is shown in full when it fails: a silent install cannot be diagnosed.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Files and folders of `web/` that the pages are built from. Tests are not among them.
const SOURCES: &[&str] = &[
    "index.html",
    "package.json",
    "package-lock.json",
    "public",
    "src",
    "tools/precompress.ts",
    "tsconfig.json",
    "vite.config.ts",
];

/// The lock file as it was when `npm ci` last succeeded, in `node_modules`.
const STAMP: &str = ".installed-package-lock.json";

const ADVICE: &str = "The pages were not built. They need Node 20.19 or newer with npm, and the registry of npm for \
     the first build; SKIP_CONSOLE=1 builds Postern without its pages.";

const STUB: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Postern</title>\
     <h1>This build of Postern has no pages</h1>\
     <p>It was built with SKIP_CONSOLE=1. The API is there, at /api/v1. Build again without SKIP_CONSOLE.</p></html>\n";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}\n\n{ADVICE}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    println!("cargo::rerun-if-env-changed=CONSOLE_DIST");
    println!("cargo::rerun-if-env-changed=SKIP_CONSOLE");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let web = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../web");
    let dist = if let Ok(dist) = env::var("CONSOLE_DIST") {
        println!("cargo::rerun-if-changed={dist}");
        fs::canonicalize(&dist).map_err(|cause| format!("CONSOLE_DIST is {dist}, which cannot be read: {cause}"))?
    } else if env::var("SKIP_CONSOLE").is_ok_and(|it| it == "1") {
        stub(&out.join("stub"))?
    } else {
        for source in SOURCES {
            println!("cargo::rerun-if-changed={}", web.join(source).display());
        }
        build(&web, &out.join("dist"))?
    };
    fs::write(out.join("files.rs"), table(&dist)?)?;
    Ok(())
}

fn stub(dist: &Path) -> Result<PathBuf> {
    fs::create_dir_all(dist)?;
    fs::write(dist.join("index.html"), STUB)?;
    Ok(dist.to_owned())
}

fn build(web: &Path, dist: &Path) -> Result<PathBuf> {
    let lock = fs::read(web.join("package-lock.json"))?;
    let stamp = web.join("node_modules").join(STAMP);
    if fs::read(&stamp).ok().as_ref() != Some(&lock) {
        npm(web, &["ci", "--no-audit", "--no-fund"])?;
        fs::write(&stamp, &lock)?;
    }
    let dist_text = dist.to_str().ok_or("the folder of the build is not UTF-8")?;
    npm(web, &["run", "build", "--", "--emptyOutDir", "--outDir", dist_text])?;
    Ok(dist.to_owned())
}

fn npm(web: &Path, arguments: &[&str]) -> Result<()> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let said = format!("npm {}", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .current_dir(web)
        .output()
        .map_err(|cause| format!("cannot start {said}: {cause}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy;
    Err(format!(
        "{said} failed, {}:\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    )
    .into())
}

/// The source of a sorted table of all files, with the compressed copies that lie beside them.
fn table(dist: &Path) -> Result<String> {
    let mut paths = Vec::new();
    walk(dist, dist, &mut paths)?;
    paths.sort();
    if !paths.iter().any(|path| path == "index.html") {
        return Err(format!("{} has no index.html", dist.display()).into());
    }
    let mut table = String::from("&[\n");
    for path in paths.iter().filter(|path| !is_copy(path, &paths)) {
        let file = dist.join(path);
        let copy = |extension: &str| {
            let name = format!("{path}.{extension}");
            match paths.contains(&name) {
                true => format!("Some(include_bytes!({:?}))", dist.join(name)),
                false => "None".to_owned(),
            }
        };
        writeln!(
            table,
            "    File {{ path: {path:?}, etag: \"{:016x}\", bytes: include_bytes!({file:?}), gzip: {}, brotli: {} }},",
            digest(&fs::read(&file)?),
            copy("gz"),
            copy("br"),
        )?;
    }
    table.push(']');
    Ok(table)
}

fn is_copy(path: &str, paths: &[String]) -> bool {
    let original = path.strip_suffix(".gz").or_else(|| path.strip_suffix(".br"));
    original.is_some_and(|original| paths.iter().any(|it| it == original))
}

/// Tells two contents of one file apart; nobody gains from making two that it takes for one.
fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Paths below `folder`, with slashes. What is hidden is for the build itself.
fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.strip_prefix(root)?.to_str().ok_or("a file name is not UTF-8")?;
        if path.file_name().is_some_and(|it| it.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, found)?;
        } else {
            found.push(name.replace('\\', "/"));
        }
    }
    Ok(())
}
