//! Exact sums of floating-point numbers.

/// A sum without rounding errors: Shewchuk's expansion, as in Python's `math.fsum`.
///
/// Books of delta counters must balance to the last digit, in whatever order the lines come.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    /// Numbers of rising magnitude whose bits do not overlap; their exact sum is the sum.
    parts: Vec<f64>,
    /// Sum of what is not finite, or of what overflowed.
    special: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, value: f64) {
        let mut value = value;
        let mut kept = 0;
        for i in 0..self.parts.len() {
            let mut part = self.parts[i];
            if value.abs() < part.abs() {
                (value, part) = (part, value);
            }
            let high = value + part;
            let low = part - (high - value);
            if low != 0.0 {
                self.parts[kept] = low;
                kept += 1;
            }
            value = high;
        }
        self.parts.truncate(kept);
        if value.is_finite() {
            self.parts.push(value);
        } else {
            self.special += value;
            self.parts.clear();
        }
    }

    /// The sum, rounded once.
    pub(crate) fn value(&self) -> f64 {
        if self.special != 0.0 {
            return self.special;
        }
        let mut rest = self.parts.iter().rev().copied();
        let mut high = rest.next().unwrap_or(0.0);
        while let Some(part) = rest.next() {
            let before = high;
            high = before + part;
            let low = part - (high - before);
            if low == 0.0 {
                continue;
            }
            // Half way between two numbers, what follows decides the direction.
            let next = rest.next().unwrap_or(0.0);
            if (low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0) {
                let twice = low * 2.0;
                let moved = high + twice;
                if twice == moved - high {
                    high = moved;
                }
            }
            break;
        }
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f64], expected: f64) {
        for reverse in [false, true] {
            let mut sum = Sum::default();
            let mut values = values.to_vec();
            if reverse {
                values.reverse();
            }
            values.iter().for_each(|value| sum.add(*value));
            assert!(
                sum.value() == expected || (sum.value().is_nan() && expected.is_nan()),
                "{}",
                sum.value()
            );
        }
    }

    #[test]
    fn sums_are_exact_in_any_order() {
        check(&[], 0.0);
        check(&[0.1; 10], 1.0);
        check(&[1e100, 1.0, -1e100, 1.0], 2.0);
        check(&[1e16, 1.0, 1e-16], 10_000_000_000_000_002.0);
        check(&[1e16, 1.0, -1e-16], 1e16);
        check(&[9_007_199_254_740_992.0, 1.0, 1.0], 9_007_199_254_740_994.0);
    }

    /// The twin adds whole multiples of 2^-60 in 128 bits and rounds once.
    #[test]
    fn sums_equal_those_of_whole_numbers() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let unit = 2.0_f64.powi(-60);
        for _ in 0..2_000 {
            let (mut sum, mut twin) = (Sum::default(), 0_i128);
            for _ in 0..random() % 50 {
                let mantissa = i128::from(random() >> 11) * if random() % 3 == 0 { -1 } else { 1 };
                let shifted = mantissa << (random() % 60);
                sum.add(shifted as f64 * unit);
                twin += shifted;
            }
            assert_eq!(sum.value(), twin as f64 * unit);
        }
    }

    #[test]
    fn what_is_not_finite_stays() {
        check(&[1.0, f64::INFINITY, 1.0], f64::INFINITY);
        check(&[1.0, f64::NAN], f64::NAN);
        check(&[f64::INFINITY, f64::NEG_INFINITY], f64::NAN);
    }
}
