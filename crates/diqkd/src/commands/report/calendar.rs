//! Times of a log and spans of the calendar, all in UTC.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, ISOWeekDate, Weekday};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

/// A time of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Time(Timestamp);

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
        let length = span.to.seconds_since(span.from);
        let fits = |every: &Self| length / most as f64 <= every.seconds();
        [Self::Hour, Self::Day, Self::Week]
            .into_iter()
            .filter(|every| *every >= self)
            .find(fits)
            .unwrap_or(Self::Month)
    }

    /// The length of the shortest one.
    fn seconds(self) -> f64 {
        match self {
            Self::Hour => 3600.0,
            Self::Day => DAY_S,
            Self::Week => 7.0 * DAY_S,
            Self::Month => 28.0 * DAY_S,
        }
    }
}

impl Time {
    /// 1970-01-01.
    pub(super) const EPOCH: Self = Self(Timestamp::UNIX_EPOCH);

    /// The end of a stretch of time with this one as its last.
    pub(super) fn just_after(self) -> Self {
        Self(self.0.checked_add(1.microsecond()).unwrap_or(self.0))
    }

    /// So many seconds after 1970-01-01; what lies beyond the calendar counts as its end.
    pub(super) fn from_unix_s(seconds: u64) -> Self {
        let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        Self(time.unwrap_or(Timestamp::MAX))
    }

    /// Days from `origin`, as a number for an axis.
    pub(super) fn days_since(self, origin: Self) -> f64 {
        self.seconds_since(origin) / DAY_S
    }

    fn seconds_since(self, origin: Self) -> f64 {
        self.0.duration_since(origin.0).as_secs_f64()
    }

    fn civil(self) -> DateTime {
        Offset::UTC.to_datetime(self.0)
    }

    /// The start of the hour, day, week or month that this time lies in.
    pub(super) fn floor(self, every: Every) -> Self {
        self.start(every).unwrap_or(self)
    }

    /// The start of the hour, day, week or month after the one that this time lies in.
    pub(super) fn next(self, every: Every) -> Self {
        let step = match every {
            Every::Hour => 1.hour(),
            Every::Day => 1.day(),
            Every::Week => 1.week(),
            Every::Month => 1.month(),
        };
        let next = self.floor(every).civil().checked_add(step).ok();
        next.and_then(at).unwrap_or(Self(Timestamp::MAX))
    }

    fn start(self, every: Every) -> Option<Self> {
        let now = self.civil();
        let date = now.date();
        match every {
            Every::Hour => at(date.at(now.hour(), 0, 0, 0)),
            Every::Day => at(date.into()),
            Every::Week => monday(date.iso_week_date().year(), date.iso_week_date().week()),
            Every::Month => at(date.first_of_month().into()),
        }
    }
}

/// A date where it is one, otherwise date and time to the second.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil();
        if civil == civil.date().into() {
            return write!(f, "{}", civil.date());
        }
        write!(f, "{}", civil.strftime("%Y-%m-%dT%H:%M:%SZ"))
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
        let from = monday(digits(year, 4)?, digits(week, 2)?)?;
        return Some(Span { from, to: from.next(Every::Week) });
    }
    let parts: Vec<&str> = text.split('-').collect();
    let (from, step) = match parts[..] {
        [year] => (Date::new(digits(year, 4)?, 1, 1), 1.year()),
        [year, month] => (Date::new(digits(year, 4)?, digits(month, 2)?, 1), 1.month()),
        _ => (date(text), 1.day()),
    };
    let from = from.ok()?;
    Some(Span { from: at(from.into())?, to: at(from.checked_add(step).ok()?.into())? })
}

fn date_time(text: &str) -> Option<Time> {
    if text.contains(['T', ' ']) { text.parse().ok().map(Time) } else { at(date(text).ok()?.into()) }
}

/// A date with all its hyphens and nothing more.
fn date(text: &str) -> Result<Date, jiff::Error> {
    Date::strptime("%Y-%m-%d", text)
}

/// The first day of a week that the year has.
fn monday(year: i16, week: i8) -> Option<Time> {
    at(ISOWeekDate::new(year, week, Weekday::Monday).ok()?.date().into())
}

fn at(civil: DateTime) -> Option<Time> {
    Offset::UTC.to_timestamp(civil).ok().map(Time)
}

fn digits<T: FromStr>(text: &str, count: usize) -> Option<T> {
    let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

const DAY_S: f64 = 86_400.0;

#[cfg(test)]
mod tests {
    use super::*;

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
            let before = |time: Time| Time(time.0 - 1.nanosecond());
            assert!(!window.contains(before(span.from)) && window.contains(before(span.to)));
        }
        for wrong in
            ["2026-W54", "2021-W53", "2026-W0", "2026-13", "2026-02-29", "26", "today", "2026-11-26-1", ""]
        {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_of_logs_are_read() {
        let at = |text: &str| text.parse::<Time>().map(|time| time.0.as_microsecond());
        assert_eq!(at("1970-01-02"), Ok(86_400_000_000));
        assert_eq!(at("2026-11-26T14:02:18.123456Z"), Ok(1_795_701_738_123_456));
        assert_eq!(at("2026-11-26T15:02:18.123456789+01:00"), Ok(1_795_701_738_123_456));
        assert_eq!(at("2026-11-26T14:02:18.5Z"), at("2026-11-26 14:02:18.500000Z"));
        assert_eq!(at("2026-11-26T14:02Z"), at("2026-11-26T14:02:00Z"));
        assert_eq!(Time::from_unix_s(1_795_701_738).to_string(), "2026-11-26T14:02:18Z");
        assert!(Time::from_unix_s(u64::MAX) > "9999-01-01".parse().unwrap());
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
