//! Numbers as JSON writes them: where they end and what they stand for, in one walk.
//!
//! Rows are mostly numbers, with 16 or 17 digits each. Digits are read eight at a time, and a value that has at most 19 of
//! them and a usual exponent is one exactly rounded product or quotient; any other is left to the standard library.

/// Integers up to here are exact as `f64`.
const EXACT: u64 = 1 << 53;

/// The powers of ten that `f64` holds exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The powers of five that `u64` holds.
const FIVES: [u64; 28] = {
    let mut powers = [1; 28];
    let mut i = 1;
    while i < powers.len() {
        powers[i] = powers[i - 1] * 5;
        i += 1;
    }
    powers
};

/// Digits that `u64` always holds.
const DIGITS: usize = 19;

/// A number that comes first in some bytes.
#[derive(Debug, Clone, Copy)]
pub struct Number<'a> {
    /// As it is written.
    pub text: &'a [u8],
    /// It is written without a fraction and an exponent.
    pub integer: bool,
    negative: bool,
    /// All its digits, if there are not more than [`DIGITS`] that count.
    mantissa: u64,
    digits: usize,
    /// The power of ten by which the mantissa is multiplied.
    exponent: i32,
}

impl<'a> Number<'a> {
    /// Reads the number that comes first; the error is the place where a digit is missing.
    pub fn read(bytes: &'a [u8]) -> Result<Self, usize> {
        let mut mantissa = 0;
        let some_digits = |at: usize, value: &mut u64| match digits(&bytes[at..], value) {
            0 => Err(at),
            count => Ok(count),
        };
        let negative = bytes.first() == Some(&b'-');
        let mut at = usize::from(negative);
        let mut count = some_digits(at, &mut mantissa)?;
        at += count;
        let (mut integer, mut exponent) = (true, 0);
        if bytes.get(at) == Some(&b'.') {
            integer = false;
            let fraction = some_digits(at + 1, &mut mantissa)?;
            exponent = i32::try_from(fraction).map_or(i32::MIN, |fraction| -fraction);
            at += 1 + fraction;
            count += fraction;
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            integer = false;
            let sign = bytes.get(at + 1).filter(|sign| matches!(sign, b'+' | b'-'));
            at += 1 + usize::from(sign.is_some());
            let mut power = 0;
            let length = some_digits(at, &mut power)?;
            at += length;
            // One of more digits may have been too large to count.
            let power = i32::try_from(power).ok().filter(|_| length < 8);
            let power = power.map(|power| if sign == Some(&b'-') { -power } else { power });
            exponent = power.map_or(i32::MAX, |power| exponent.saturating_add(power));
        }
        Ok(Self {
            text: &bytes[..at],
            integer,
            negative,
            mantissa,
            digits: count,
            exponent,
        })
    }

    /// The nearest `f64`.
    pub fn value(&self) -> f64 {
        let size = if self.has_mantissa() {
            scaled(self.mantissa, self.exponent)
        } else {
            None
        };
        match size {
            Some(size) if self.negative => -size,
            Some(size) => size,
            None => {
                let text = std::str::from_utf8(self.text).ok();
                // The library reads more than JSON has.
                text.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
            }
        }
    }

    /// The value of an integer, if `i64` holds it.
    pub fn as_i64(&self) -> Option<i64> {
        let size = i128::from(self.mantissa);
        let value = i64::try_from(if self.negative { -size } else { size }).ok();
        value.filter(|_| self.integer && self.has_mantissa())
    }

    /// Whether it is an integer that `f64` holds exactly.
    pub fn is_exact_integer(&self) -> bool {
        self.integer && self.has_mantissa() && self.mantissa <= EXACT
    }

    fn has_mantissa(&self) -> bool {
        self.digits <= DIGITS || {
            let counts = |byte: &&u8| matches!(byte, b'1'..=b'9');
            let without = self.text.iter().take_while(|byte| !counts(byte));
            let zeros = without.filter(|byte| **byte == b'0').count();
            // Those of an exponent are not among `digits`: of a zero more than all are found.
            self.digits.saturating_sub(zeros) <= DIGITS
        }
    }
}

/// The value of bytes that are a number and nothing else.
pub fn plain_number(bytes: &[u8]) -> Option<f64> {
    let number = Number::read(bytes).ok()?;
    (number.text.len() == bytes.len()).then(|| number.value())
}

/// Reads the digits that come first, and says how many there are; `value` is wrong behind more than [`DIGITS`].
fn digits(bytes: &[u8], value: &mut u64) -> usize {
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        // A digit becomes its value; what is more than 9 then, or was no ASCII, gets its highest bit.
        let ones = u64::from_le_bytes(*word) ^ 0x3030_3030_3030_3030;
        if (ones.wrapping_add(0x7676_7676_7676_7676) | ones) & 0x8080_8080_8080_8080 != 0 {
            break;
        }
        // Neighbours are put together: eight digits become four numbers of two, two of four, one of eight.
        let twos = ones.wrapping_mul(10).wrapping_add(ones >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = twos.wrapping_mul(100).wrapping_add(twos >> 16) & 0x0000_ffff_0000_ffff;
        let eight = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
        *value = value.wrapping_mul(100_000_000).wrapping_add(eight);
        rest = behind;
    }
    while let [byte @ b'0'..=b'9', behind @ ..] = rest {
        *value = value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        rest = behind;
    }
    bytes.len() - rest.len()
}

/// The nearest `f64` of a mantissa times a power of ten, if that is one operation with exact operands.
fn scaled(mantissa: u64, exponent: i32) -> Option<f64> {
    let power = exponent.unsigned_abs() as usize;
    if mantissa <= EXACT
        && let Some(ten) = TENS.get(power)
    {
        let mantissa = mantissa as f64;
        return Some(if exponent < 0 {
            mantissa / ten
        } else {
            mantissa * ten
        });
    }
    let divisor = *FIVES.get(power).filter(|_| exponent < 0 && mantissa > 0)?;
    Some(divided(mantissa, divisor, exponent))
}

/// The nearest `f64` of `mantissa / divisor · 2^exponent`; no operand is 0.
fn divided(mantissa: u64, divisor: u64, exponent: i32) -> f64 {
    let (up, down) = (mantissa.leading_zeros(), divisor.leading_zeros());
    let (dividend, divisor) = (
        u128::from(mantissa << up) << 63,
        u128::from(divisor << down),
    );
    // Both begin with a one, so that the quotient has 63 or 64 bits.
    let quotient = dividend / divisor;
    let rest = dividend - quotient * divisor;
    // A last bit that says whether anything is left makes the conversion round as the exact quotient would.
    let rounded = (quotient as u64 | u64::from(rest != 0)) as f64;
    let exponent = exponent + down as i32 - up as i32 - 63;
    // A power of two far from the ends of the range: the product is exact.
    rounded * f64::from_bits(((1023 + exponent) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_the_grammar_says() {
        for (text, expected) in [
            ("0", Ok((1, true))),
            ("-12,", Ok((3, true))),
            ("0.12345678901234567 ", Ok((19, false))),
            ("12345678.5", Ok((10, false))),
            ("1e-05}", Ok((5, false))),
            ("1.5E+12345678", Ok((13, false))),
            ("", Err(0)),
            ("-", Err(1)),
            ("-x", Err(1)),
            ("1.", Err(2)),
            ("1.e5", Err(2)),
            ("1e+", Err(3)),
        ] {
            let found = Number::read(text.as_bytes());
            let found = found.map(|number| (number.text.len(), number.integer));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn values_at_the_edges_are_those_of_the_standard_library() {
        for text in [
            "0",
            "-0",
            "0.0",
            "-0.0e5",
            "0e-30",
            "9007199254740992",
            "9007199254740993",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "99999999999999999999999",
            "1e22",
            "1e23",
            "9007199254740993e1",
            "0.30000001192092896",
            "0.00001234567890123456789",
            "0.000000000000000000000000001",
            "0.9999999999999999999",
            "9.999999999999999999",
            "0.000000000000000000000000000000000000000000000000000",
            "12345678901234567.89e-10",
            "1e400",
            "-1e-400",
            "5e-324",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "1.7976931348623157e308",
            // Halfway between two doubles, and a little to each side.
            "0.50000000000000005551115123125782702118158340454101562",
            "1.1102230246251565e-16",
            // The quotient's last bits decide, and what is left behind them.
            "3.0147457689800643",
            "6.78173328425494093",
            "0.355497665490027176",
            "562.625958557275510",
        ] {
            let expected: f64 = text.parse().unwrap();
            let found = plain_number(text.as_bytes()).unwrap();
            assert_eq!(found.to_bits(), expected.to_bits(), "{text}");
        }
        let integer = |text: &str| Number::read(text.as_bytes()).unwrap().as_i64();
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(integer("9223372036854775808"), None);
        assert_eq!(integer("00000000000000000000007"), Some(7));
        assert_eq!(integer("1.0"), None);
    }

    fn check(text: &str) -> Result<(), proptest::test_runner::TestCaseError> {
        let found = plain_number(text.as_bytes()).map(f64::to_bits);
        let expected = text.parse::<f64>().unwrap().to_bits();
        proptest::prop_assert_eq!(found, Some(expected), "{}", text);
        Ok(())
    }

    proptest::proptest! {
        #[test]
        fn digits_are_read_as_one_by_one(bytes in "[0-9]{0,20}.{0,12}|[0-9/:]{0,30}|.*") {
            let expected = bytes.bytes().take_while(u8::is_ascii_digit).count();
            let mut value = 0;
            proptest::prop_assert_eq!(digits(bytes.as_bytes(), &mut value), expected);
            if expected > 0 && expected <= DIGITS {
                proptest::prop_assert_eq!(value, bytes[..expected].parse::<u64>().unwrap());
            }
        }

        #[test]
        fn values_are_those_of_the_standard_library(
            text in "-?[0-9]{1,21}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?",
            value: f64,
            unit in 0.0..1f64,
            single: f32,
            mantissa: u64,
            places in 0..30usize,
        ) {
            check(&text)?;
            for value in [value, unit, unit * 1e-3, unit * 1e6, f64::from(single), f64::from(unit as f32)] {
                if value.is_finite() {
                    check(&format!("{value}"))?;
                    check(&format!("{value:e}"))?;
                }
            }
            check(&format!("{mantissa}e-{places}"))?;
            // Halfway between two doubles where one has fewer bits than the mantissa.
            check(&format!("{}.5", (mantissa >> 11) | 1 << 52))?;
            check(&format!("{}.50000001", (mantissa >> 11) | 1 << 52))?;
        }

        #[test]
        fn nothing_else_is_a_number(text in "[-+.0-9eEinfaNI]{0,8}|.*") {
            let whole = Number::read(text.as_bytes()).is_ok_and(|number| number.text == text.as_bytes());
            proptest::prop_assert_eq!(plain_number(text.as_bytes()).is_some(), whole);
            if whole {
                check(&text)?;
            }
        }
    }
}
