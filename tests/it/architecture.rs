//! The shape of the crate, kept by a test: stages know the model's types and never each other, and pure modules are.

use std::fs;
use std::path::{Path, PathBuf};

/// A module of the crate, and what of the crate it may use; `model` uses nothing but itself.
const MAY_USE: [(&str, &[&str]); 4] = [
    ("model", &["model"]),
    ("reconcile", &["reconcile", "model"]),
    ("okta", &["okta", "model", "clock", "error", "report"]),
    ("directory", &["directory", "model", "clock", "error", "report"]),
];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/src")
}

/// The production code below a folder: file by file, without tests.
fn production(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            found.extend(production(&path));
        } else if name.ends_with(".rs") && name != "tests.rs" && name != "samples.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            found.push((path, code));
        }
    }
    found
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

#[test]
fn stages_know_the_model_and_never_each_other() {
    let mut wrong = Vec::new();
    for (module, allowed) in MAY_USE {
        for (path, text) in production(&sources().join(module)) {
            for line in code_lines(&text) {
                for (at, _) in line.match_indices("crate::") {
                    let used = &line[at + "crate::".len()..];
                    if !allowed.iter().any(|allowed| used.starts_with(allowed)) {
                        wrong.push(format!("{}: {line}", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_modules_never_wait_and_never_look_at_a_clock() {
    let mut wrong = Vec::new();
    for module in ["model", "reconcile"] {
        for (path, text) in production(&sources().join(module)) {
            for line in code_lines(&text) {
                let waits =
                    ["async ", ".await", "std::env", "fastrand", "tokio"].iter().any(|word| line.contains(word));
                if waits || line.contains("clock") || line.contains("::now(") {
                    wrong.push(format!("{}: {line}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn production_code_never_panics_on_purpose() {
    let mut wrong = Vec::new();
    for (path, text) in production(&sources()) {
        for line in code_lines(&text) {
            if [".unwrap()", ".expect(", "panic!(", "unreachable!("].iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}: {line}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
