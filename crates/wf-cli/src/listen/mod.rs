//! `wf listen`: a receiver in the foreground that shows every line and its verdict.

mod journal;

use std::{
    fs::{File, OpenOptions},
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use anyhow::{Context, Result};
use wf_receiver::Receiver;

use self::journal::Journal;
use crate::{
    output::{Failure, Output, REFUSED, UNREADABLE, say},
    write::read_token,
};

/// Receives as a Wavefront proxy does, and shows every line with the verdict it would get.
///
/// Listens on this machine only, for HTTP and raw TCP at the same port, and for the service's API over HTTPS with --tls.
/// The addresses are on stderr before anything else. Ctrl-C stops it and prints the totals.
///
/// Example: wf listen --http :2878 --record accepted.txt
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// Where to listen: 127.0.0.1:PORT, localhost:PORT or :PORT; port 0 is a free one.
    #[arg(long, value_name = "ADDR", default_value = ":2878", value_parser = parse_port)]
    http: u16,
    /// Where to behave as a proxy's trace port, where every line is a span.
    #[arg(long, value_name = "ADDR", value_parser = parse_port)]
    traces: Option<u16>,
    /// Wants the token in this file with every request, as the service does.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Speaks TLS; the certificate to trust follows the addresses on stderr.
    #[arg(long)]
    tls: bool,
    /// How lines and totals are printed.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
    /// Appends every accepted line to a file, before its sender learns that it arrived.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut builder = Receiver::builder().port(arguments.http).tls(arguments.tls).keep_lines(0).keep_ids(0);
    if let Some(port) = arguments.traces {
        builder = builder.traces_port(port);
    }
    if let Some(file) = &arguments.token_file {
        builder = builder.token(read_token(file)?);
    }
    let record = arguments.record.as_ref().map(open_record).transpose()?;

    let (stop, stopped) = mpsc::channel();
    let interrupt = stop.clone();
    ctrlc::set_handler(move || drop(interrupt.send(Ok(())))).context("no handler for Ctrl-C")?;
    let journal = Arc::new(Mutex::new(Journal::new(arguments.output, record)));
    let written = Arc::clone(&journal);
    let receiver = builder
        .on_line(move |seen| {
            let mut journal = written.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = journal.write(seen) {
                let _ = stop.send(Err(error));
            }
        })
        .start()
        .context("the receiver could not start")?;
    say(format_args!("http {}", receiver.addr()));
    if let Some(traces) = receiver.traces_addr() {
        say(format_args!("traces {traces}"));
    }
    if let Some(pem) = receiver.ca_pem() {
        say(format_args!("trust this certificate:\n{}", pem.trim_end()));
    }

    let mut said = String::new();
    let end = loop {
        if let Ok(end) = stopped.recv_timeout(BETWEEN_COUNTS) {
            break end;
        }
        let counts = journal.lock().unwrap_or_else(PoisonError::into_inner).counts();
        if arguments.output == Output::Text && counts != said {
            say(&counts);
            said = counts;
        }
    };
    // Once it is closed nothing more comes, so the totals are those of the lines printed.
    receiver.close();
    let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = end.and_then(|()| journal.finish()) {
        return Err(Failure::new(REFUSED, format_args!("stopped: {error}")).into());
    }
    Ok(ExitCode::SUCCESS)
}

fn open_record(path: &PathBuf) -> Result<File, Failure> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.map_err(|error| Failure::new(UNREADABLE, format_args!("{}: {error}", path.display())))
}

/// Reads an address of this machine; the receiver listens on no other.
fn parse_port(text: &str) -> Result<u16, String> {
    let (host, port) = text.rsplit_once(':').ok_or("an address is HOST:PORT, such as 127.0.0.1:2878")?;
    if !matches!(host, "" | "127.0.0.1" | "localhost") {
        return Err("it listens on this machine only: 127.0.0.1:PORT, localhost:PORT or :PORT".to_owned());
    }
    // `parse` alone would take a plus sign.
    match port.parse() {
        Ok(port_number) if port.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port_number),
        _ => Err("a port is a number from 0 to 65535".to_owned()),
    }
}

const BETWEEN_COUNTS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::parse_port;

    #[track_caller]
    fn check(text: &str, expected: Option<u16>) {
        assert_eq!(parse_port(text).ok(), expected, "{text}");
    }

    #[test]
    fn only_addresses_of_this_machine() {
        check("127.0.0.1:2878", Some(2878));
        check("localhost:0", Some(0));
        check(":65535", Some(65535));
        for text in ["", "2878", "0.0.0.0:2878", "[::1]:1", "example.com:1", ":", ":+1", ":65536", ":x"] {
            check(text, None);
        }
    }
}
