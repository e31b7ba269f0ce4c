//! `--plot`: every command that draws writes what its file's name asks for, and what it draws are its numbers.

use std::path::Path;

use super::*;

/// The texts of an SVG picture.
fn texts(path: &Path) -> Vec<String> {
    let svg = std::fs::read_to_string(path).unwrap();
    svg.split("</text>").filter_map(|part| Some(part.rsplit_once('>')?.1.to_owned())).collect()
}

fn drawn(arguments: &[&str], path: &Path) -> Vec<String> {
    let (status, answer) = json(&[arguments, &["--plot", path.to_str().unwrap()]].concat());
    assert_eq!(status, 0, "{answer}");
    texts(path)
}

const COUNTS: &str = "x,y,a,b,n\n0,0,0,0,40\n0,0,0,1,10\n0,0,1,0,10\n0,0,1,1,40\n0,1,0,0,40\n0,1,0,1,10\n0,1,1,0,10\n\
    0,1,1,1,40\n1,0,0,0,40\n1,0,0,1,10\n1,0,1,0,10\n1,0,1,1,40\n1,1,0,0,10\n1,1,0,1,40\n1,1,1,0,40\n1,1,1,1,10\n";

#[test]
fn correlators_and_their_limits() {
    let folder = folder("picture-bell");
    let counts = folder.join("counts.csv");
    std::fs::write(&counts, COUNTS).unwrap();
    let counts = counts.to_str().unwrap();
    let texts = drawn(&["bell", counts], &folder.join("bell.svg"));
    for text in ["CHSH correlators", "−E₁₁", "S / 4", "local (S = 2)", "quantum (S = 2√2)"] {
        assert!(texts.iter().any(|found| found == text), "{text}: {texts:?}");
    }
    assert!(texts.iter().any(|text| text.contains("400 trials, S = 2.4000 ± 0.1600")), "{texts:?}");

    // All four correlators are 0.6: their markers stand at one height, half-way between limits and all.
    let svg = std::fs::read_to_string(folder.join("bell.svg")).unwrap();
    let circles = svg.lines().filter(|line| line.starts_with("<circle")).skip(1);
    let heights: std::collections::BTreeSet<_> =
        circles.map(|line| line.split("cy=\"").nth(1).unwrap().split('"').next().unwrap()).collect();
    assert_eq!(heights.len(), 1, "{heights:?}");

    let png = folder.join("bell.PNG");
    let (status, _) = json(&["bell", counts, "--plot", png.to_str().unwrap()]);
    assert!(status == 0 && std::fs::read(&png).unwrap().starts_with(b"\x89PNG"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn key_lengths_of_every_theorem() {
    let folder = folder("picture-keylength");
    let keylength = [
        "keylength",
        "--rounds",
        "1e7",
        "--gamma",
        "0.05",
        "--chsh",
        "2.64",
        "--leak-bits",
        "2e6",
        "--eps-sound",
        "1e-10",
    ];
    let path = folder.join("keylength.svg");
    let texts = drawn(&keylength, &path);
    for text in ["reat", "reat-basic", "df19", "df19-fixed", "geat", "10⁶", "rounds n"] {
        assert!(texts.iter().any(|found| found == text), "{text}: {texts:?}");
    }
    let first = std::fs::read(&path).unwrap();
    drawn(&keylength, &path);
    assert_eq!(first, std::fs::read(&path).unwrap(), "the same call draws the same picture, byte for byte");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn delays_and_clocks_of_recordings() {
    let folder = folder("picture-tags");
    let run = folder.join("run");
    let (status, _) = json(&[
        "simulate",
        "--preset",
        "photonic",
        "--rounds",
        "20000",
        "--seed",
        "3",
        "--out",
        run.to_str().unwrap(),
    ]);
    assert_eq!(status, 0);
    let (alice, bob) = (run.join("alice.ptu"), run.join("bob.ptu"));
    let [alice, bob] = [&alice, &bob].map(|path| path.to_str().unwrap());
    let channels = ["--channel-a", "0", "--channel-b", "0"];
    let sync = [&["tags", "sync", alice, bob, "--max-offset-ps", "5000000000000"], &channels[..]].concat();
    let texts_of_sync = drawn(&sync, &folder.join("sync.svg"));
    assert!(
        texts_of_sync.iter().any(|text| text.contains("315 of 315 reference events")),
        "{texts_of_sync:?}"
    );
    assert!(texts_of_sync.iter().any(|text| text == "distance from the fit / ps"));

    let same = ["tags", "correlate", alice, alice, "--bin-ps", "1000", "--range-ps", "20000"];
    let texts_of_delays = drawn(&[&same[..], &channels].concat(), &folder.join("delay.svg"));
    assert!(texts_of_delays.iter().any(|text| text == "pairs per bin of 1000 ps"), "{texts_of_delays:?}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_kind_of_file_that_nothing_draws_is_refused_before_the_work() {
    for name in ["out.jpg", "out", "out.svg.gz"] {
        let (status, errors) = failure(&["bell", "absent.csv", "--plot", name]);
        assert!(status == 2 && errors.contains(".svg") && errors.contains(".png"), "{errors}");
    }
    let folder = folder("picture-nowhere");
    let counts = folder.join("counts.csv");
    std::fs::write(&counts, COUNTS).unwrap();
    let (status, errors) = failure(&["bell", counts.to_str().unwrap(), "--plot", "/nowhere/at/all.svg"]);
    assert!(status == 1 && errors.contains("/nowhere/at/all.svg") && errors.contains("folder"), "{errors}");
    std::fs::remove_dir_all(folder).unwrap();
}
