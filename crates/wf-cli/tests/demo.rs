//! `wf demo`, run as a newcomer runs it.

use std::process::{Command, Output};

fn wf(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wf")).args(arguments).output().unwrap()
}

#[test]
fn the_demo_balances_and_says_so() {
    let output = wf(&["demo", "--seconds", "2"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let progress = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}{progress}");
    assert!(progress.contains("1 s  accepted "), "{progress}");

    let row = |kind: &str| -> Vec<u64> {
        let line = text.lines().rfind(|line| line.split_whitespace().next() == Some(kind)).expect(kind);
        line.split_whitespace().skip(1).map(|cell| cell.parse().unwrap()).collect()
    };
    for kind in ["point", "histogram", "span", "all"] {
        let cells = row(kind);
        let [offered, accepted, refused, delivered, dropped, unconfirmed, seen] = cells[..] else {
            panic!("{cells:?}")
        };
        assert!(offered > 0, "{kind}: {text}");
        assert_eq!(offered, accepted + refused, "{kind}");
        assert_eq!(accepted, delivered + dropped + unconfirmed, "{kind}");
        assert_eq!(seen, delivered + unconfirmed, "{kind}");
    }
    assert!(row("point")[6] >= 20, "eight readings of this machine: {text}");
    assert!(text.contains("\"cpu.usage.percent\" ") || text.contains("\"process."), "real names: {text}");
    assert!(!text.contains("rejected:"), "{text}");
}

#[test]
fn help_has_an_example_and_bad_arguments_are_named() {
    let help = String::from_utf8(wf(&["demo", "--help"]).stdout).unwrap();
    assert!(help.contains("wf demo --seconds 30"), "{help}");
    for seconds in ["0", "-1", "86401", "ten"] {
        let refused = wf(&["demo", &format!("--seconds={seconds}")]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8(refused.stderr).unwrap().contains("--seconds"), "{seconds}");
    }
}
