//! The README's sessions, run again, and the help of every command.
//!
//! After a change that is meant, `SNAPSHOTS=overwrite cargo test -p wf-cli --test docs` writes them anew.
#![cfg(unix)]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
};

use snapbox::{Data, assert_data_eq, data::DataFormat};

const WF: &str = env!("CARGO_BIN_EXE_wf");
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs");

/// The README's `wf listen`, which receives what the commands below it send.
struct Listener {
    child: Child,
    stdout: JoinHandle<String>,
    /// `HOST:PORT`, and the line that says so.
    addr: String,
    first: String,
}

impl Listener {
    fn start(command: &str, folder: &Path) -> Self {
        let mut child = shell(&format!("exec {}", command.replace(":2878", ":0")), folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
        let addr = first.trim_end().strip_prefix("wf: http ").expect("an address").to_owned();
        let mut stdout = child.stdout.take().unwrap();
        let stdout = thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            text
        });
        let first = first.replace(addr.rsplit(':').next().unwrap(), "2878");
        Self { child, stdout, addr, first }
    }

    /// Interrupts it and gives all it printed.
    fn stop(mut self) -> String {
        assert!(
            Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap().success()
        );
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        self.first + &self.stdout.join().unwrap()
    }
}

/// A command as a terminal runs it, in the folder of the README's files.
fn shell(command: &str, folder: &Path) -> Command {
    let mut path = PathBuf::from(WF).parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).env("PATH", path).stdin(Stdio::null());
    shell.env("WAVEFRONT_SOURCE", "web-1").env_remove("WAVEFRONT_TOKEN").env_remove("COLUMNS");
    shell
}

fn run(command: &str, folder: &Path) -> String {
    let output = shell(&format!("exec 2>&1; {command}"), folder).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_readme_shows_what_the_commands_print() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let folder = env::temp_dir().join(format!("wf-cli-docs-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir(DOCS).unwrap() {
        let file = file.unwrap().path();
        if file.is_file() {
            fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
        }
    }

    let mut printed = String::new();
    let mut listening: Option<(usize, Listener)> = None;
    let mut is_session = false;
    for line in fs::read_to_string(&readme).unwrap().lines() {
        match line {
            "```console" => is_session = true,
            "```" => is_session = false,
            _ => {}
        }
        let command = line.strip_prefix("$ ").filter(|_| is_session);
        if is_session && command.is_none() && line != "```console" {
            continue;
        }
        printed.push_str(line);
        printed.push('\n');
        let Some(command) = command else { continue };
        if command.starts_with("wf listen ") {
            listening = Some((printed.len(), Listener::start(command, &folder)));
        } else {
            let addr = listening.as_ref().map_or("", |(_, listener)| &listener.addr);
            printed += &run(&command.replace("localhost", addr), &folder);
        }
    }
    let (place, listener) = listening.expect("the README listens");
    printed.insert_str(place, &listener.stop());

    let record = fs::read_to_string(folder.join("accepted.txt")).unwrap();
    let accepted = printed.lines().filter(|line| line.starts_with("accept ")).count();
    assert_eq!(record.lines().count(), accepted);
    fs::remove_dir_all(folder).unwrap();
    assert_data_eq!(without_chance(&printed), Data::read_from(&readme, Some(DataFormat::Text)).raw());
}

/// Names what is different in every run: times of the present, and ids made by `wf send span`.
fn without_chance(text: &str) -> String {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let word = rest[start..].split(|character| !is_word(character)).next().unwrap();
        out.push_str(&rest[..start]);
        let is_digits = word.bytes().all(|byte| byte.is_ascii_digit());
        let is_new_id =
            word.len() == 36 && word.matches('-').count() == 4 && !word.ends_with("-529269fb1459");
        out.push_str(match word.len() {
            10 | 13 if is_digits && !word.starts_with("1533529977") && !word.starts_with("1700000000") => {
                "[NOW]"
            }
            _ if is_new_id => "[ID]",
            _ => word,
        });
        rest = &rest[start + word.len()..];
    }
    out + rest
}

#[test]
fn every_help_is_as_recorded_and_its_example_is_in_the_readme() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for name in [
        "",
        "check",
        "demo",
        "encode",
        "listen",
        "send",
        "write",
        "send metric",
        "send delta",
        "send dist",
        "send span",
        "send event",
    ] {
        let help = run(&format!("wf {name} --help"), Path::new(DOCS));
        let example = help.lines().find_map(|line| line.strip_prefix("Example: "));
        assert_eq!(example.is_none(), name.is_empty(), "{help}");
        if let Some(example) = example {
            let session = ["$ ", "\n"].map(|before| format!("{before}{example}"));
            assert!(session.iter().any(|text| readme.contains(text)), "not in the README: {example}");
        }
        let file = format!("{DOCS}/help/{}.txt", format!("wf {name}").trim_end().replace(' ', "-"));
        assert_data_eq!(help, Data::read_from(Path::new(&file), Some(DataFormat::Text)).raw());
    }
}
