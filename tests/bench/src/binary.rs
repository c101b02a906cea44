//! The binaries that are measured, built like this one.

use std::path::PathBuf;
use std::process::Command;

use crate::Failure;

/// Builds functions in the profile that this program was built in, unless they are up to date, and says in which
/// directory they are.
pub(crate) fn build(functions: &[&str]) -> Result<PathBuf, Failure> {
    let this = std::env::current_exe()?;
    let directory = this.parent().ok_or("this program is in no directory")?;
    let target = directory.parent().ok_or("this program is in no target directory")?;
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // What `cargo run` sets for this program would have crates built anew that look at it.
    for (name, _) in std::env::vars_os() {
        if name == "CARGO_MANIFEST_DIR" || name.to_string_lossy().starts_with("CARGO_PKG_") {
            build.env_remove(name);
        }
    }
    let status = build
        // Both together, so that the dependencies are those that this program was built with.
        .args(["build", "--package", "bench", "--profile", profile])
        .args(functions.iter().flat_map(|function| ["--package", function]))
        .arg("--manifest-path")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .env("CARGO_TARGET_DIR", target)
        .status()?;
    if !status.success() {
        return Err(format!("{} could not be built", functions.join(", ")).into());
    }
    Ok(directory.to_owned())
}
