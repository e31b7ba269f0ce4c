//! A call that works, for each command, to show where one lacks something.

/// Command words and a call.
const CALLS: [(&str, &str); 25] = [
    ("demo", "diqkd demo --rounds 300000 --seed 7"),
    ("simulate", "diqkd simulate --preset photonic --rounds 20000 --seed 1 --out run"),
    ("tags info", "diqkd tags info FILE.ptu"),
    ("tags dump", "diqkd tags dump FILE.ptu --limit 20"),
    ("tags index", "diqkd tags index FILE.ptu"),
    ("tags sync", "diqkd tags sync ALICE.ptu BOB.ptu --channel-a 0 --channel-b 0 --plot sync.svg"),
    ("tags trials", "diqkd tags trials ALICE.ptu BOB.ptu --rule run/rule.json --out trials.csv"),
    (
        "tags correlate",
        "diqkd tags correlate ALICE.ptu BOB.ptu --bin-ps 100 --range-ps 10000 --plot delay.svg",
    ),
    ("bell", "diqkd bell COUNTS.csv --plot bell.svg"),
    ("entropy", "diqkd entropy --bound chsh --chsh 2.6"),
    (
        "keylength",
        "diqkd keylength --rounds 1.5e6 --gamma 13/256 --omega-threshold 0.83 --leak-bits 296581 --eps-sound 1e-10",
    ),
    (
        "plan table",
        "diqkd plan table --rounds 1e6,1e7 --chsh 2.6,2.7 --qber 0.02 --eps-sound 1e-10 --eps-complete 1e-2",
    ),
    ("plan rotation", "diqkd plan rotation --help"),
    ("plan feasibility", "diqkd plan feasibility --help"),
    ("plan", "diqkd plan --chsh 2.677 --qber 0.0144 --eps-sound 1e-10 --eps-complete 1e-2"),
    ("certificate check", "diqkd keylength ... --json > key.json; diqkd certificate check key.json"),
    ("reconcile bench", "diqkd reconcile bench --qber 0.01,0.02,0.04 --block 50000 --frames 20 --plot f.svg"),
    ("reconcile alist", "diqkd reconcile alist MATRIX.alist --qber 0.07 --frames 20"),
    ("keys", "diqkd keys list FOLDER"),
    ("node", "diqkd node --config examples/node/lab/alice.toml --check"),
    ("preshare", "diqkd preshare identity alice"),
    ("report", "diqkd report node.log --period 2026-W48 --out week.html"),
    ("rng check", "diqkd rng check BITS.bin --bits-per-sample 1"),
    ("amplify", "diqkd amplify --input KEY --seed-file SEED --in-bits 1000 --out-bits 500 --out HASHED"),
    ("completions", "diqkd completions bash > ~/.local/share/bash-completion/completions/diqkd"),
];

/// A call like the one that these arguments tried.
pub(crate) fn example_of(arguments: &[String]) -> Option<&'static str> {
    let words: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let starts =
        |call: &str| call.split(' ').zip(&words).filter(|(a, b)| a == *b).count() == call.split(' ').count();
    CALLS.iter().find(|(call, _)| starts(call)).map(|(_, example)| *example)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_command_is_found() {
        let call = |text: &str| example_of(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(call("plan table --rounds 5").is_some_and(|call| call.contains("plan table")));
        assert!(call("plan --chsh 2.7").is_some_and(|call| call.contains("--eps-complete")));
        assert_eq!(call("tags"), None);
    }
}
