//! A program in another language, written from `docs/protocol.md` alone, recomputes the test vectors, and notices when any of
//! them is changed. It needs `python3` and nothing else; where there is none the test says so and passes.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const VECTORS: &str = include_str!("vectors/wire-v4.txt");

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// The reader's words about these files; `None` without Python.
fn read(reader: &Path, files: &[PathBuf]) -> Option<Output> {
    // It leaves no compiled copy of itself behind.
    let output = Command::new("python3").arg("-B").arg(reader).args(files).output();
    output.inspect_err(|error| println!("skipped: python3 can't be started: {error}")).ok()
}

/// A folder of this process that goes away with it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("diqkd-vectors-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Names and values, in the order of the file.
fn lines() -> Vec<(&'static str, &'static str)> {
    VECTORS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(" = ").unwrap())
        .collect()
}

#[test]
fn another_language_recomputes_every_vector() {
    let reader = folder().join("read_vectors.py");
    let Some(output) = read(&reader, &[folder().join("wire-v4.txt")]) else { return };
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}{errors}");
    assert!(said.ends_with(&format!(": {} vectors hold\n", lines().len())), "{said}");
}

#[test]
fn another_language_notices_every_changed_vector() {
    let place = Place::new("changed");
    let file = |lines: &[(&str, String)]| {
        lines.iter().map(|(name, value)| format!("{name} = {value}\n")).collect::<String>()
    };
    let whole: Vec<(&str, String)> =
        lines().into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    let mut files = Vec::new();
    for (line, (name, value)) in lines().into_iter().enumerate() {
        // The first, the middle and the last character; something where there is nothing.
        let places = [0, value.len() / 2, value.len().saturating_sub(1)];
        for (number, place_in_value) in places.into_iter().enumerate() {
            let mut bytes = value.as_bytes().to_vec();
            match bytes.get_mut(place_in_value) {
                Some(byte) => *byte = if *byte == b'3' { b'4' } else { b'3' },
                None => bytes.extend_from_slice(b"33"),
            }
            let mut changed = whole.clone();
            changed[line].1 = String::from_utf8(bytes).unwrap();
            files.push(place.write(&format!("{name}-{number}"), &file(&changed)));
        }
        let mut missing = whole.clone();
        missing.remove(line);
        files.push(place.write(&format!("{name}-missing"), &file(&missing)));
    }
    let mut more = whole.clone();
    more.push(("frame.more", "00".to_owned()));
    files.push(place.write("one-more", &file(&more)));

    let Some(output) = read(&folder().join("read_vectors.py"), &files) else { return };
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().count(), files.len());
    for line in said.lines() {
        assert!(!line.ends_with(" vectors hold"), "a change went unnoticed: {line}");
    }
}

#[test]
fn another_language_notices_a_changed_certificate() {
    let place = Place::new("certificate");
    let copy = |name: &str| std::fs::read_to_string(folder().join(name)).unwrap();
    let reader = place.write("read_vectors.py", &copy("read_vectors.py"));
    let vectors = place.write("wire-v4.txt", VECTORS);
    let certificate = copy("certificate-v1.json");
    for (text, holds) in [(certificate.clone(), true), (certificate.replacen("454725", "454726", 1), false)] {
        place.write("certificate-v1.json", &text);
        let Some(output) = read(&reader, std::slice::from_ref(&vectors)) else { return };
        assert_eq!(output.status.success(), holds, "{}", String::from_utf8_lossy(&output.stdout));
    }
}
