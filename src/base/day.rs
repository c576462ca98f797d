//! A day, as people write it into manifests.
//!
//! Never: the clock; the edge reads it once.

use std::fmt;

/// A day of the calendar, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day {
    year: i32,
    month: u8,
    day: u8,
}

impl Day {
    /// The day that a text begins with: `2027-01-31`, also with a time behind it. `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let date = text.get(..10)?;
        if !matches!(text.as_bytes().get(10), None | Some(b'T' | b't' | b' ')) {
            return None;
        }
        let mut parts = date.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || ![year, month, day].into_iter().all(is_number) {
            return None;
        }
        let found = Self { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
        let is_real = (1..=12).contains(&found.month) && (1..=31).contains(&found.day);
        is_real.then_some(found)
    }

    /// The day of a moment in seconds since 1970, in UTC.
    #[must_use]
    pub fn of_seconds(seconds: i64) -> Self {
        // Days to a date by counting from March of the year 0, so that a leap day ends its year.
        let days = seconds.div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        let small = |number: i64| u8::try_from(number).unwrap_or(1);
        Self { year: i32::try_from(year).unwrap_or(i32::MAX), month: small(month), day: small(day) }
    }
}

impl Default for Day {
    fn default() -> Self {
        Self::of_seconds(0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn days_are_read_and_counted() {
        for text in ["2027-01-31", "2024-02-29", "1970-01-01", "2000-03-01"] {
            assert_eq!(Day::parse(text).map(|day| day.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Day::parse("2027-01-31T10:00:00Z"), Day::parse("2027-01-31"));
        for text in ["", "soon", "2027-13-01", "2027-1-1", "2027-01-32", "2027-01-311", "20270131aa"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert_eq!(Day::of_seconds(0).to_string(), "1970-01-01");
        assert_eq!(Day::of_seconds(1_709_164_800).to_string(), "2024-02-29");
        assert_eq!(Day::of_seconds(4_083_955_199).to_string(), "2099-05-31");
    }
}
