//! Lengths and points of time.
//!
//! Never: a clock, or a table of time zones; only UTC and fixed offsets are known.

/// A length of time, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Duration(pub(super) i64);

/// A point in time, in nanoseconds since 1970 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Timestamp(pub(super) i128);

pub(super) const SECOND: i64 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND as i128;

impl Duration {
    /// The length that `text` is, as Go writes them: `1h30m`, `-1.5s`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, mut rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Some(Self(0));
        }
        let mut total: i128 = 0;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let (number, behind) = rest.split_at(end);
            let end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
            let (unit, behind) = behind.split_at(end);
            total = total.checked_add(part(number, unit)?)?;
            rest = behind;
        }
        i64::try_from(if negative { -total } else { total }).ok().map(Self)
    }

    /// As Kubernetes prints it: in seconds.
    pub(super) fn shown(self) -> String {
        let (sign, nanos) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let fraction = format!("{:09}", nanos % SECOND as u64);
        let fraction = fraction.trim_end_matches('0');
        let dot = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{}{dot}{fraction}s", nanos / SECOND as u64)
    }
}

fn part(number: &str, unit: &str) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || fraction.len() > 15 {
        return None;
    }
    let unit: i128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND.into(),
        "m" => i128::from(SECOND) * 60,
        "h" => i128::from(SECOND) * 3600,
        _ => return None,
    };
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.into() };
    let parts: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    whole.checked_mul(unit)?.checked_add(parts.checked_mul(unit)? / 10i128.pow(fraction.len() as u32))
}

/// A point in time by the calendar.
pub(super) struct Calendar {
    pub(super) year: i64,
    /// From 0.
    pub(super) month: i64,
    /// From 0.
    pub(super) day: i64,
    /// From 0.
    pub(super) day_of_year: i64,
    /// From Sunday, which is 0.
    pub(super) day_of_week: i64,
    pub(super) seconds: i64,
    pub(super) nanos: i64,
}

impl Timestamp {
    /// The point that `text` is (RFC 3339).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |range: std::ops::Range<usize>| -> Option<i64> {
            let part = text.get(range)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        let signs = [(4, "-"), (7, "-"), (13, ":"), (16, ":")];
        if signs.iter().any(|(at, sign)| text.get(*at..at + 1) != Some(sign)) || !matches!(text.get(10..11)?, "T" | "t")
        {
            return None;
        }
        let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
        let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
        let mut rest = text.get(19..)?;
        let mut nanos: i64 = 0;
        if let Some(fraction) = rest.strip_prefix('.') {
            let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
            let shown = &fraction[..end];
            nanos = format!("{shown:0<9}").get(..9)?.parse().ok().filter(|_| !shown.is_empty())?;
            rest = &fraction[end..];
        }
        let offset = offset(rest)?;
        let fits = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        if !fits || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Some(Self(i128::from(seconds) * i128::from(SECOND) + i128::from(nanos)))
    }

    /// The point that `text` is, which may be a day alone.
    #[must_use]
    pub fn parse_day(text: &str) -> Option<Self> {
        Self::parse(&format!("{text}T00:00:00Z"))
    }

    pub(super) fn calendar(self, offset: i64) -> Calendar {
        let local = self.0 + i128::from(offset) * i128::from(SECOND);
        let day = local.div_euclid(DAY) as i64;
        let within = local.rem_euclid(DAY);
        let (year, month, of_month) = date(day);
        Calendar {
            year,
            month: month - 1,
            day: of_month - 1,
            day_of_year: day - days(year, 1, 1),
            day_of_week: (day + 4).rem_euclid(7),
            seconds: (within / i128::from(SECOND)) as i64,
            nanos: (within % i128::from(SECOND)) as i64,
        }
    }

    /// As RFC 3339 has it, in UTC.
    pub(super) fn shown(self) -> String {
        let at = self.calendar(0);
        let (hour, minute, second) = (at.seconds / 3600, at.seconds / 60 % 60, at.seconds % 60);
        let fraction = format!("{:09}", at.nanos);
        let fraction = fraction.trim_end_matches('0');
        let dot = if fraction.is_empty() { "" } else { "." };
        let (year, month, day) = (at.year, at.month + 1, at.day + 1);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{dot}{fraction}Z")
    }

    /// The year, which CEL keeps from 1 to 9999.
    pub(super) fn is_in_range(self) -> bool {
        (1..=9999).contains(&self.calendar(0).year)
    }
}

/// The seconds that a zone is ahead of UTC: `Z`, `UTC`, `+02:00`.
pub(super) fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z" | "UTC" | "") {
        return (!zone.is_empty()).then_some(0);
    }
    let (sign, digits) = match zone.as_bytes()[0] {
        b'-' => (-1, &zone[1..]),
        b'+' => (1, &zone[1..]),
        _ => (1, zone),
    };
    let (hours, minutes) = digits.split_once(':').filter(|(hours, minutes)| hours.len() == 2 && minutes.len() == 2)?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year, month and day of a day since 1970.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_month)
}
