//! What somebody sees who has never used the command.

use super::*;

fn text(arguments: &[&str]) -> String {
    let output = diqkd(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn alone_it_says_what_it_does_and_three_commands_to_try() {
    let welcome = text(&[]);
    let calls = welcome.lines().filter(|line| line.starts_with("  diqkd "));
    assert_eq!(calls.count(), 3, "{welcome}");
    assert!(welcome.contains("help TOPIC") && welcome.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn help_knows_commands_and_topics() {
    for topic in ["start", "s-value", "certificate", "threats", "exit-status", "files", "no-key"] {
        assert!(text(&["help", topic]).lines().count() > 4, "{topic}");
        assert!(text(&["help"]).contains(topic), "{topic}");
    }
    let sync = text(&["help", "tags", "sync"]);
    assert!(sync.contains("--plot") && sync.contains("drift"), "{sync}");
    let (status, errors) = failure(&["help", "weather"]);
    assert!(status == 2 && errors.contains("weather") && errors.contains("certificate"), "{errors}");
    let (status, answer) = json(&["help", "files"]);
    assert!(status == 0 && answer["text"].as_str().unwrap().contains("x,y,a,b,n"));
}

#[test]
fn commands_in_topics_and_welcome_exist() {
    let topics =
        ["start", "s-value", "p-value", "certificate", "threats", "exit-status", "files", "no-key", "plots"];
    let mut pages: Vec<String> = topics.iter().map(|topic| text(&["help", topic])).collect();
    pages.push(text(&[]));
    for page in pages {
        for call in page.split("diqkd ").skip(1) {
            let words: Vec<&str> = call.split_whitespace().take(2).collect();
            let word = words[0].trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            // `diqkd help TOPIC` and `diqkd COMMAND --help` name no command; the rest does.
            if word.chars().all(|c| c.is_ascii_lowercase()) && word != "help" {
                text(&["help", word]);
            }
        }
    }
}

#[test]
fn completions_and_pages_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&["completions", shell]);
        assert!(script.contains("keylength") && script.contains("plot"), "{shell}");
    }
    assert!(text(&["man"]).contains(".TH diqkd 1"));
    let folder = folder("man");
    text(&["man", "--dir", folder.to_str().unwrap()]);
    for page in ["diqkd.1", "diqkd-bell.1", "diqkd-tags-sync.1"] {
        assert!(folder.join(page).exists(), "{page}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_call_that_lacks_something_shows_one_that_works() {
    for (arguments, says) in [
        (&["keylength", "--rounds", "1e6"][..], "For example: diqkd keylength"),
        (&["plan", "--chsh", "2.7"], "--eps-complete"),
        (&["tags", "correlate", "a", "b"], "For example: diqkd tags correlate"),
        (&["bell"], "diqkd bell COUNTS.csv"),
        (&["keys", "list"], "For example: diqkd keys list"),
        (&["simulate", "--preset", "photonic", "--rounds", "10"], "--out"),
        (&["bel", "x.csv"], "'bell'"),
        (&["entropy", "--bound", "chsh"], "--chsh"),
    ] {
        let (status, errors) = failure(arguments);
        assert!(status == 2 && errors.contains(says), "{arguments:?}: {errors}");
    }
}

#[test]
fn values_that_make_no_sense_are_named() {
    let output = diqkd(&[
        "keylength",
        "--rounds",
        "1e6",
        "--gamma",
        "0.05",
        "--chsh",
        "3",
        "--leak-bits",
        "1",
        "--eps-sound",
        "1e-10",
    ]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("2 sqrt 2"));
    let (status, answer) =
        json(&["plan", "--chsh", "1.9", "--qber", "0.01", "--eps-sound", "1e-10", "--eps-complete", "0.01"]);
    assert_eq!((status, &answer["abort"]["reason"]), (3, &Value::from("no-violation")), "{answer}");
    let (status, answer) =
        json(&["plan", "--chsh", "2.1", "--qber", "0.05", "--eps-sound", "1e-10", "--eps-complete", "0.01"]);
    assert_eq!((status, &answer["abort"]["reason"]), (3, &Value::from("leak-exceeds-entropy")), "{answer}");
}
