//! Holds the text of doubles against an oracle: the standard library's digits, as few as read back, laid out as Python's `repr`
//! does.

use std::fmt::Write;
use std::thread;

use anyhow::ensure;
use fastrand::Rng;
use wf_format::{Format, Metric};

/// Compares the texts of `count` doubles of every sort, on all cores.
pub(crate) fn run(count: u64, seed: u64) -> anyhow::Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from) as u64;
    let wrong: u64 = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| scope.spawn(move || compare(count.div_ceil(workers), seed.wrapping_add(worker))))
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(1)).sum()
    });
    println!("{count} doubles from seed {seed}: {wrong} differ");
    ensure!(wrong == 0, "{wrong} doubles are written differently");
    Ok(())
}

/// How many of `count` doubles are written differently; the first ones are printed.
fn compare(count: u64, seed: u64) -> u64 {
    let mut rng = Rng::with_seed(seed);
    let mut wrong = 0;
    let (mut buf, mut expected) = ([0; 64], String::new());
    for i in 0..count {
        let value = double(&mut rng, i);
        expected.clear();
        repr(value, &mut expected);
        let line = Format::DEFAULT.encode(&Metric::new("m", value).source("h"), &mut buf);
        let text = line.as_ref().map_or(&b""[..], |encoded| encoded.line);
        let text = text.strip_prefix(b"\"m\" ").and_then(|text| text.strip_suffix(b" source=\"h\"\n"));
        if text != Some(expected.as_bytes()) {
            wrong += 1;
            if wrong <= 5 {
                println!("{value:e}: {expected} is written {:?}", text.map(String::from_utf8_lossy));
            }
        }
    }
    wrong
}

/// A finite double: of any bits, of few decimals, whole, near a power of ten or of two, tiny.
fn double(rng: &mut Rng, i: u64) -> f64 {
    let value = match i % 8 {
        0..3 => f64::from_bits(rng.u64(..)),
        3 => rng.i64(..) as f64 / 10_f64.powi(rng.i32(0..20)),
        4 => (rng.i64(..) >> rng.u32(..64)) as f64,
        5 => neighbour(10_f64.powi(rng.i32(-323..309)), rng),
        6 => neighbour(2_f64.powi(rng.i32(-1074..1024)), rng),
        _ => f64::from_bits(rng.u64(..) >> rng.u32(12..64)),
    };
    if value.is_finite() { value } else { 0.0 }
}

/// A double at most a few steps away.
fn neighbour(value: f64, rng: &mut Rng) -> f64 {
    f64::from_bits(value.to_bits().wrapping_add_signed(rng.i64(-3..4)) & !(1 << 63))
}

/// The fewest digits that read back; of two such texts the closer, and of two as close the even one, which is not what the
/// standard library's shortest text asks for.
fn shortest(value: f64) -> String {
    let shortest = format!("{value:e}");
    let mantissa = shortest.split('e').next().unwrap_or(&shortest).trim_start_matches('-');
    let closest = format!("{value:.*e}", mantissa.len().saturating_sub(2));
    if closest.parse() == Ok(value) { closest } else { shortest }
}

/// Writes a finite double as Python does: plain from 1e-4 to below 1e16, else with an exponent of two digits or more.
fn repr(value: f64, out: &mut String) {
    let shortest = shortest(value);
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    out.push_str(sign);
    match exponent {
        -4..0 => {
            out.push_str("0.");
            out.extend((1..-exponent).map(|_| '0'));
            out.push_str(&digits);
        }
        0..16 => {
            let whole = exponent as usize + 1;
            out.push_str(&digits[..whole.min(digits.len())]);
            out.extend((digits.len()..whole).map(|_| '0'));
            out.push('.');
            out.push_str(digits.get(whole..).filter(|fraction| !fraction.is_empty()).unwrap_or("0"));
        }
        _ => {
            out.push_str(&digits[..1]);
            if digits.len() > 1 {
                out.push('.');
                out.push_str(&digits[1..]);
            }
            out.push_str(if exponent < 0 { "e-" } else { "e+" });
            let _ = write!(out, "{:02}", exponent.abs());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::repr;

    #[test]
    fn the_oracle_writes_what_python_does() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (42422.0, "42422.0"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (9.999e-5, "9.999e-05"),
            (1.5e-7, "1.5e-07"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.25e17, "1.25e+17"),
            (-1e100, "-1e+100"),
            (5e-324, "5e-324"),
            (123.456, "123.456"),
        ] {
            let mut out = String::new();
            repr(value, &mut out);
            assert_eq!(out, text);
        }
    }
}
