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

    let tables: Vec<_> = ["proxy, HTTP\n", "proxy, raw TCP\n", "service, HTTPS with a token\n"]
        .into_iter()
        .map(|name| text.split_once(&format!("\n{name}")).expect(name).1.split("\n\n").next().unwrap())
        .collect();
    for (table, path) in tables.iter().zip(["http", "stream", "direct"]) {
        let row = |kind: &str| -> [u64; 7] {
            let line = table.lines().find(|line| line.split_whitespace().next() == Some(kind)).expect(kind);
            let cells: Vec<_> = line.split_whitespace().skip(1).map(|cell| cell.parse().unwrap()).collect();
            cells.try_into().unwrap()
        };
        for kind in ["point", "histogram", "span", "span_log", "event", "source_tag", "all"] {
            let [offered, accepted, refused, delivered, dropped, unconfirmed, seen] = row(kind);
            assert!(offered > 0, "{path} {kind}: {text}");
            assert_eq!(offered, accepted + refused, "{path} {kind}");
            assert_eq!(accepted, delivered + dropped + unconfirmed, "{path} {kind}");
            assert_eq!(seen, delivered + unconfirmed, "{path} {kind}");
            assert_eq!(
                refused,
                u64::from(path == "direct" && matches!(kind, "source_tag" | "all")),
                "{path} {kind}"
            );
            // Raw TCP has no acknowledgement; everything else here has.
            assert_eq!(
                (delivered == 0, unconfirmed == 0),
                (path == "stream" || accepted == 0, path != "stream")
            );
        }
        assert!(row("point")[6] >= 20, "eight readings of this machine: {text}");
    }
    // Which of the readings came last depends on where the last batch was cut.
    let last =
        text.lines().skip_while(|line| !line.starts_with("The last line of each kind")).nth(1).unwrap();
    let groups = ["cpu", "disk", "memory", "network", "process", "swap"];
    assert!(groups.iter().any(|group| last.starts_with(&format!("  \"{group}."))), "real names: {last}");
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
