//! Times of a log and spans of the calendar, all in UTC.

use std::fmt;
use std::str::FromStr;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Time(pub(super) i64);

/// A stretch of time: from its start to just before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Time,
    pub(super) to: Time,
}

/// What a report was asked for: a stretch of time that may be open at either end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Option<Time>,
    pub(super) to: Option<Time>,
}

/// What a report's rows stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(super) enum Every {
    Hour,
    Day,
    Week,
    Month,
}

impl Every {
    /// The shortest length of row, not below this one, of which at most `most` fill the span.
    pub(super) fn or_coarser(self, span: Span, most: i64) -> Self {
        let length = span.to.0.saturating_sub(span.from.0);
        let fits = |every: &Self| length / most <= every.length();
        [Self::Hour, Self::Day, Self::Week]
            .into_iter()
            .filter(|every| *every >= self)
            .find(fits)
            .unwrap_or(Self::Month)
    }

    fn length(self) -> i64 {
        match self {
            Self::Hour => HOUR,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 28 * DAY,
        }
    }
}

impl Time {
    /// So many seconds after 1970-01-01; what lies beyond the year 9999 counts as its last second.
    pub(super) fn from_unix_s(seconds: u64) -> Self {
        Self(seconds.min(LAST_SECOND) as i64 * SECOND)
    }

    /// Days from `origin`, as a number for an axis.
    pub(super) fn days_since(self, origin: Self) -> f64 {
        self.0.saturating_sub(origin.0) as f64 / DAY as f64
    }

    fn of_day(year: i64, month: i64, day: i64) -> Self {
        Self(days_from_civil(year, month, day) * DAY)
    }

    fn civil(self) -> (i64, i64, i64) {
        civil_from_days(self.0.div_euclid(DAY))
    }

    /// The start of the hour, day, week or month that this time lies in.
    pub(super) fn floor(self, every: Every) -> Self {
        let day = self.0.div_euclid(DAY);
        match every {
            Every::Hour => Self(self.0.div_euclid(HOUR) * HOUR),
            Every::Day => Self(day * DAY),
            // 1970-01-01 was a Thursday.
            Every::Week => Self((day - (day + 3).rem_euclid(7)) * DAY),
            Every::Month => {
                let (year, month, _) = self.civil();
                Self::of_day(year, month, 1)
            }
        }
    }
}

impl Time {
    /// The start of the hour, day, week or month after the one that this time lies in.
    pub(super) fn next(self, every: Every) -> Self {
        let start = self.floor(every);
        match every {
            Every::Hour => Self(start.0 + HOUR),
            Every::Day => Self(start.0 + DAY),
            Every::Week => Self(start.0 + 7 * DAY),
            // 31 days on, the next month has begun and not ended.
            Every::Month => Self(start.0 + 31 * DAY).floor(Every::Month),
        }
    }
}

/// A date where it is one, otherwise date and time to the second.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        let seconds = self.0.rem_euclid(DAY) / SECOND;
        if self.0.rem_euclid(DAY) == 0 {
            return Ok(());
        }
        write!(f, "T{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

/// A date, or date and time as in `2026-11-26T14:02:18.5Z`, with `+01:00` in place of `Z` where it is another clock's.
impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        date_time(text).ok_or_else(|| {
            format!("{text} is no time; expected a date as 2026-11-26, or 2026-11-26T14:00:00Z")
        })
    }
}

/// `2026`, `2026-11`, `2026-W48` or `2026-11-26`.
impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        span(text).ok_or_else(|| {
            format!("{text} is no period; expected a day 2026-11-26, a week 2026-W48, a month 2026-11 or a year 2026")
        })
    }
}

impl Window {
    pub(super) fn contains(&self, time: Time) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }
}

impl From<Span> for Window {
    fn from(Span { from, to }: Span) -> Self {
        Self { from: Some(from), to: Some(to) }
    }
}

fn span(text: &str) -> Option<Span> {
    if let Some((year, week)) = text.split_once("-W") {
        let (year, week) = (digits(year, 4)?, digits(week, 2)?);
        // The first week is the one with 4 January in it.
        let first = Time::of_day(year, 1, 4).floor(Every::Week);
        let from = Time(first.0 + (week - 1) * 7 * DAY);
        let next_year = Time::of_day(year + 1, 1, 4).floor(Every::Week);
        return (week >= 1 && from < next_year).then(|| Span { from, to: Time(from.0 + 7 * DAY) });
    }
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [year] => {
            let year = digits(year, 4)?;
            Some(Span { from: Time::of_day(year, 1, 1), to: Time::of_day(year + 1, 1, 1) })
        }
        [year, month] => {
            let (year, month) = (digits(year, 4)?, digits(month, 2)?);
            let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            (1..=12)
                .contains(&month)
                .then(|| Span { from: Time::of_day(year, month, 1), to: Time::of_day(next.0, next.1, 1) })
        }
        _ => {
            let from = date(text)?;
            Some(Span { from, to: Time(from.0 + DAY) })
        }
    }
}

fn date(text: &str) -> Option<Time> {
    let mut parts = text.split('-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let time = Time::of_day(year, month, day);
    // What the calendar does not have, as 30 February, would come back as another day.
    (parts.next().is_none() && time.civil() == (year, month, day)).then_some(time)
}

fn date_time(text: &str) -> Option<Time> {
    let Some((day, clock)) = text.split_once(['T', ' ']) else { return date(text) };
    let (clock, offset) = match clock.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => {
            let at = clock.rfind(['+', '-'])?;
            let (hours, minutes) = clock[at + 1..].split_once(':')?;
            let minutes = 60 * digits(hours, 2)? + digits(minutes, 2)?;
            (&clock[..at], if clock[at..].starts_with('-') { -minutes } else { minutes })
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let (hours, minutes) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds = parts.next().map_or(Some(0), |seconds| digits(seconds, 2))?;
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(Time(date(day)?.0 + ((hours * 60 + minutes - offset) * 60 + seconds) * SECOND + micros))
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

/// Days since 1970-01-01 of a date of the Gregorian calendar. Years begin in March here, so that the leap day is their last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    // A guess that is never too late, and at most a year too early: four centuries have 146097 days.
    let since = days + 719_468;
    let mut year = since.div_euclid(146_097) * 400 + since.rem_euclid(146_097) / 366;
    while days_from_civil(year + 1, 3, 1) <= days {
        year += 1;
    }
    let day_of_year = days - days_from_civil(year, 3, 1);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;
const LAST_SECOND: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_comes_back_and_follows_the_one_before() {
        let lengths = |year: i64| {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        };
        let mut days = days_from_civil(1900, 1, 1);
        assert_eq!(days, -25_567);
        for year in 1900..2300 {
            for (month, length) in (1..).zip(lengths(year)) {
                for day in 1..=length {
                    assert_eq!(days_from_civil(year, month, day), days);
                    assert_eq!(civil_from_days(days), (year, month, day));
                    days += 1;
                }
            }
        }
    }

    #[test]
    fn periods_are_those_of_the_calendar() {
        // Known: 2026-11-26 is a Thursday in week 48; 2020 has 53 weeks, and the first of 2021 begins on 4 January.
        for (text, from, to) in [
            ("2026-11-26", "2026-11-26", "2026-11-27"),
            ("2026-W48", "2026-11-23", "2026-11-30"),
            ("2020-W53", "2020-12-28", "2021-01-04"),
            ("2021-W01", "2021-01-04", "2021-01-11"),
            ("2026-12", "2026-12-01", "2027-01-01"),
            ("2024-02", "2024-02-01", "2024-03-01"),
            ("2026", "2026-01-01", "2027-01-01"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(
                (span.from.to_string(), span.to.to_string()),
                (from.to_owned(), to.to_owned()),
                "{text}"
            );
            let window = Window::from(span);
            assert!(window.contains(span.from) && !window.contains(span.to));
            assert!(!window.contains(Time(span.from.0 - 1)) && window.contains(Time(span.to.0 - 1)));
        }
        for wrong in
            ["2026-W54", "2021-W53", "2026-W0", "2026-13", "2026-02-29", "26", "today", "2026-11-26-1", ""]
        {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_of_logs_are_read() {
        let at = |text: &str| text.parse::<Time>().map(|time| time.0);
        assert_eq!(at("1970-01-02"), Ok(DAY));
        assert_eq!(at("2026-11-26T14:02:18.123456Z"), Ok(1_795_701_738_123_456));
        assert_eq!(at("2026-11-26T15:02:18.123456789+01:00"), Ok(1_795_701_738_123_456));
        assert_eq!(at("2026-11-26T14:02:18.5Z"), at("2026-11-26 14:02:18.500000Z"));
        assert_eq!(at("2026-11-26T14:02Z"), at("2026-11-26T14:02:00Z"));
        assert_eq!(Time(1_795_701_738_123_456).to_string(), "2026-11-26T14:02:18Z");
        for wrong in [
            "2026-11-26T14:02:18",
            "2026-11-26T24:00:00Z",
            "2026-11-26T1:2:3Z",
            "2026-11-26T",
            "T",
            "2026-11-26T14:02:18.Z",
            "2026-11-26T14:02:18.\u{e4}Z",
        ] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rows_are_as_long_as_there_is_room_for() {
        let every = |text: &str, most| Every::Hour.or_coarser(text.parse().unwrap(), most);
        assert_eq!(every("2026-11-26", 40), Every::Hour);
        assert_eq!(every("2026-11", 40), Every::Day);
        assert_eq!(every("2026", 60), Every::Week);
        assert_eq!(every("2026", 12), Every::Month);
        assert_eq!(Every::Week.or_coarser("2026-11-26".parse().unwrap(), 40), Every::Week);
    }

    #[test]
    fn times_belong_to_their_hour_day_week_and_month() {
        let time: Time = "2026-11-26T14:02:18Z".parse().unwrap();
        let floors =
            [Every::Hour, Every::Day, Every::Week, Every::Month].map(|every| time.floor(every).to_string());
        assert_eq!(floors, ["2026-11-26T14:00:00Z", "2026-11-26", "2026-11-23", "2026-11-01"]);
        let next =
            [Every::Hour, Every::Day, Every::Week, Every::Month].map(|every| time.next(every).to_string());
        assert_eq!(next, ["2026-11-26T15:00:00Z", "2026-11-27", "2026-11-30", "2026-12-01"]);
    }
}
