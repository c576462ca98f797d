//! A day of the calendar, as suppressions and sunsets name it.
//!
//! Never: a clock, an hour, a time zone.

use std::fmt;
use std::str::FromStr;

/// A day, in UTC. The default is before all others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no date.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no date; write it as 2027-01-31")]
pub struct NoDate(String);

impl Date {
    /// The day of so many seconds after the start of 1970.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Self {
        // Years from March on, so that the leap day is the last of its year.
        let days = (seconds / 86_400) as u32 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = era * 400 + year_of_era + u32::from(month <= 2);
        Self { year: year as u16, month: month as u8, day: (of_year - (153 * from_march + 2) / 5 + 1) as u8 }
    }

    /// The day that comes so many days later.
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        let (year, month) = (u32::from(self.year), u32::from(self.month));
        let (year, from_march) = if month > 2 { (year, month - 3) } else { (year.saturating_sub(1), month + 9) };
        let of_year = (153 * from_march + 2) / 5 + u32::from(self.day).saturating_sub(1);
        let all = 365 * year + year / 4 - year / 100 + year / 400 + of_year + days;
        Self::from_unix(u64::from(all.saturating_sub(719_468)) * 86_400)
    }
}

impl FromStr for Date {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let wrong = || NoDate(text.to_owned());
        let mut parts = text.split('-').map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then_some(part));
        let mut next = |digits: usize| parts.next().flatten().filter(|part| part.len() == digits).ok_or_else(wrong);
        let (year, month, day) = (next(4)?, next(2)?, next(2)?);
        if parts.next().is_some() {
            return Err(wrong());
        }
        let year: u16 = year.parse().map_err(|_| wrong())?;
        let (month, day) = (month.parse().map_err(|_| wrong())?, day.parse().map_err(|_| wrong())?);
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days: u8 = match month {
            2 => 28 + u8::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        if (1..=days).contains(&day) { Ok(Self { year, month, day }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn seconds_are_days() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_689_599, "2024-12-31"),
            (1_735_689_600, "2025-01-01"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(Date::from_unix(seconds).to_string(), day);
        }
    }

    #[test]
    fn days_are_counted_over_months_and_years() {
        for (from, days, to) in [
            ("2026-01-01", 0, "2026-01-01"),
            ("2026-01-01", 90, "2026-04-01"),
            ("2024-02-28", 1, "2024-02-29"),
            ("2023-12-31", 366, "2024-12-31"),
            ("2024-03-01", 365, "2025-03-01"),
        ] {
            assert_eq!(from.parse::<Date>().expect("a date").plus(days).to_string(), to, "{from} + {days}");
        }
    }

    #[test]
    fn only_days_that_exist_are_dates() {
        for text in ["2024-02-29", "2000-02-29", "2027-12-31"] {
            assert_eq!(text.parse::<Date>().expect("a date").to_string(), text);
        }
        for text in ["2023-02-29", "2100-02-29", "2027-04-31", "2027-13-01", "2027-00-10", "2027-1-31", "27-01-31"] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        for text in ["", "tomorrow", "2027-01-31T00:00", "2027-01-31-01", "+027-01-31", "2027-01", "２０２７-01-31"]
        {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert!("2026-12-31".parse::<Date>().expect("a date") < "2027-01-01".parse().expect("a date"));
    }
}
