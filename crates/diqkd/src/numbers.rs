//! Numbers on the command line.

/// Reads `1000000`, `1_000_000` or `1e6`.
pub(crate) fn whole(text: &str) -> Result<u64, String> {
    let plain = text.trim().replace('_', "");
    if let Ok(number) = plain.parse() {
        return Ok(number);
    }
    match plain.parse::<f64>() {
        Ok(x) if x < 0.0 => Err("negative; expected a whole number such as 1000000 or 1e6".to_owned()),
        Ok(x) if x > LARGEST => Err("too large; expected a whole number up to 9007199254740992".to_owned()),
        Ok(x) if x.fract() == 0.0 => Ok(x as u64),
        _ => Err("expected a whole number such as 1000000 or 1e6".to_owned()),
    }
}

/// The same for what has to fit into memory.
pub(crate) fn length(text: &str) -> Result<usize, String> {
    usize::try_from(whole(text)?).map_err(|_| "too large for the memory of this machine".to_owned())
}

/// Reads `0.05` or `13/256`.
pub(crate) fn fraction(text: &str) -> Result<f64, String> {
    let number = |t: &str| t.trim().parse::<f64>().map_err(|_| "expected a number or a fraction".to_owned());
    match text.split_once('/') {
        Some((numerator, denominator)) => Ok(number(numerator)? / number(denominator)?),
        None => number(text),
    }
}

/// Beyond it `f64`, in which 1e6 is read, does not hold every whole number.
const LARGEST: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_come_in_several_forms() {
        for (text, number) in [
            ("1000000", 1_000_000),
            ("1_000_000", 1_000_000),
            ("1e6", 1_000_000),
            ("1.5e6", 1_500_000),
            ("0", 0),
        ] {
            assert_eq!(whole(text), Ok(number));
        }
        assert_eq!(whole("18446744073709551615"), Ok(u64::MAX));
        for (text, says) in [
            ("-5", "negative"),
            ("1e300", "too large"),
            ("inf", "too large"),
            ("nan", "whole"),
            ("1.5", "whole"),
            ("many", "whole"),
            ("", "whole"),
        ] {
            assert!(whole(text).is_err_and(|error| error.contains(says)), "{text}");
        }
    }
}
