//! Fuzz targets that also build without a fuzzer.
//!
//! A target is a function of one [`Arbitrary`] input that panics if a promise is broken. [`target!`] makes of it what
//! libFuzzer calls under cargo-fuzz, and otherwise a program that replays the files it is given (`cargo run --bin queue
//! crash-1`) and tests that replay `seeds/` and feed made-up bytes.

#[cfg(fuzzing)]
#[doc(hidden)]
pub use libfuzzer_sys;

use std::cell::RefCell;
use std::path::Path;
use std::{env, fs, io};

use arbitrary::{Arbitrary, Unstructured};

/// Makes a fuzz target of a function of one [`Arbitrary`] input.
#[macro_export]
macro_rules! target {
    ($name:literal, $check:path) => {
        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::feed(data, $check));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay_arguments(|data| $crate::feed(data, $check))
        }

        #[cfg(test)]
        #[test]
        fn seeds() {
            $crate::replay_seeds($name, |data| $crate::feed(data, $check));
        }

        #[cfg(test)]
        #[test]
        fn made_up() {
            $crate::make_up(|data| $crate::feed(data, $check));
        }
    };
}

/// Gives `check` what `data` decodes to, if anything.
pub fn feed<'a, T: Arbitrary<'a>>(data: &'a [u8], check: impl FnOnce(T)) {
    if let Ok(input) = T::arbitrary_take_rest(Unstructured::new(data)) {
        check(input);
    }
}

/// Lends a buffer of `len` bytes, which hold whatever the last input left: to clear it would take as long as all the rest.
pub fn with_buffer<T>(len: usize, f: impl FnOnce(&mut [u8]) -> T) -> T {
    thread_local!(static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
    BUFFER.with_borrow_mut(|buffer| {
        if buffer.len() < len {
            buffer.resize(len, 0);
        }
        f(&mut buffer[..len])
    })
}

/// Replays the files named on the command line.
pub fn replay_arguments(check: impl Fn(&[u8])) -> io::Result<()> {
    for path in env::args_os().skip(1) {
        check(&fs::read(path)?);
    }
    Ok(())
}

/// Replays every committed seed of the target `name`, of which there must be one.
pub fn replay_seeds(name: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut replayed = 0;
    for file in files {
        let path = file.expect("a folder that can be read").path();
        // Named first, because a panic in `check` does not know it.
        println!("{}", path.display());
        check(&fs::read(path).expect("a file that can be read"));
        replayed += 1;
    }
    assert!(replayed > 0, "no seeds in {}", folder.display());
}

/// Feeds random bytes, the same ones in every run: a weak fuzzer, but one that is always there.
pub fn make_up(check: impl Fn(&[u8])) {
    const INPUTS: usize = 20_000;
    const LONGEST: u64 = 600;

    // Marsaglia's xorshift64.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut data = Vec::new();
    for _ in 0..INPUTS {
        let len = random() % LONGEST;
        data.clear();
        // Half of the bytes are small, since lengths, counts and choices are.
        data.extend((0..len).map(|_| if random() & 1 == 0 { random() as u8 % 8 } else { random() as u8 }));
        check(&data);
    }
}
