//! Kubernetes' quantities: `500m`, `1Gi`, `1.5e3`.
//!
//! Never: a float; amounts are compared exactly.

/// An amount, in billionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Quantity(i128);

const ONE: i128 = 1_000_000_000;

impl Quantity {
    /// The quantity that `text` is; `None` where it is none, or beyond what is counted here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
        let (number, suffix) = digits.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let (by, ten) = scale(suffix)?;
        let mut amount: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let mut shift = ten + 9;
        for digit in fraction.bytes().take(30) {
            amount = amount.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
            shift -= 1;
        }
        amount = amount.checked_mul(by)?;
        let power = 10i128.checked_pow(shift.unsigned_abs())?;
        // What is finer than a billionth is rounded up, away from zero.
        amount = if shift >= 0 {
            amount.checked_mul(power)?
        } else {
            amount.div_euclid(power) + i128::from(amount % power != 0)
        };
        Some(Self(if negative { -amount } else { amount }))
    }

    pub(super) fn of_int(value: i64) -> Self {
        Self(i128::from(value) * ONE)
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub(super) fn sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    pub(super) fn sign(self) -> i64 {
        self.0.signum() as i64
    }

    /// The amount, where it is an integer of 64 bits.
    pub(super) fn as_integer(self) -> Option<i64> {
        (self.0 % ONE == 0).then(|| i64::try_from(self.0 / ONE).ok()).flatten()
    }

    pub(super) fn as_float(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

/// The factor and the power of ten of a suffix.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        _ => (1, suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|power| (-18..=18).contains(power))?),
    })
}
