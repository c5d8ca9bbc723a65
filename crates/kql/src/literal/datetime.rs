//! Points in time: ISO 8601, the forms of mail and web headers, and those that people write.

use super::MICROSECONDS_PER_DAY;

/// The first microsecond of the year 1 and the last one of 9999: the range of the language's `datetime`.
pub const DATETIME_MIN: i64 = -719_162 * MICROSECONDS_PER_DAY;
pub const DATETIME_MAX: i64 = 2_932_897 * MICROSECONDS_PER_DAY - 1;

/// Days since 1970-01-01 of a day of the Gregorian calendar; `None` for a day that does not exist.
pub fn days_of_date(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=9999).contains(&year) || !(1..=days_in_month).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last one.
    let (year, month) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Year, month and day of a day since 1970-01-01.
pub fn date_of_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year_of_era + i64::from(month >= 10);
    (year, if month < 10 { month + 3 } else { month - 9 }, day)
}

/// `yyyy-MM-ddTHH:mm:ss.fffffffZ`, the way the language prints a point in time.
pub fn format_datetime(microseconds: i64) -> String {
    let (year, month, day) = date_of_days(microseconds.div_euclid(MICROSECONDS_PER_DAY));
    let rest = microseconds.rem_euclid(MICROSECONDS_PER_DAY);
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}0Z")
}

/// Microseconds since 1970 of a point in time. Without a zone it is UTC; digits behind the microsecond are cut off.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let mut scanner = Scanner { rest: text.trim() };
    scanner.skip_weekday();
    let days = scanner.date()?;
    scanner.skip_separator();
    let (time, zone) = if scanner.rest.is_empty() {
        (0, 0)
    } else {
        scanner.time()?
    };
    if !scanner.rest.is_empty() {
        return None;
    }
    let instant = days * MICROSECONDS_PER_DAY + time - zone;
    (DATETIME_MIN..=DATETIME_MAX).contains(&instant).then_some(instant)
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn take(&mut self, prefix: char) -> bool {
        let stripped = self.rest.strip_prefix(prefix);
        self.rest = stripped.unwrap_or(self.rest);
        stripped.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Some digits and how many they are.
    fn digits(&mut self) -> Option<(i64, usize)> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        let value = digits.parse().ok()?;
        self.rest = rest;
        Some((value, length))
    }

    fn letters(&mut self) -> &'a str {
        let length = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (letters, rest) = self.rest.split_at(length);
        self.rest = rest;
        letters
    }

    /// `Sat, ` or `Saturday, `.
    fn skip_weekday(&mut self) {
        let before = self.rest;
        let name = self.letters().to_ascii_lowercase();
        let days = [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        if name.len() >= 3 && days.iter().any(|day| *day == name || day[..3] == name) {
            self.take(',');
            self.skip_space();
        } else {
            self.rest = before;
        }
    }

    fn month(&mut self) -> Option<i64> {
        const MONTHS: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        let name = self.letters().to_ascii_lowercase();
        let is_this = |month: &&str| **month == name || month[..3] == name;
        let index = MONTHS.iter().position(is_this)?;
        Some(index as i64 + 1)
    }

    /// Days since 1970 of `2020-01-31`, `2020/1/31`, `2020-01`, `2020`, `20200131`, `1/31/2020`, `1-31-20`,
    /// `31 Jan 20`, `31-Jan-2020`, `Jan 31, 2020`.
    fn date(&mut self) -> Option<i64> {
        if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let month = self.month()?;
            self.skip_space();
            let (day, _) = self.digits()?;
            self.take(',');
            self.skip_space();
            let year = self.year()?;
            return days_of_date(year, month, day);
        }
        let (first, length) = self.digits()?;
        match length {
            8 => return days_of_date(first / 10_000, first / 100 % 100, first % 100),
            4 => {
                let separator = self.rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'));
                let Some(separator) = separator else {
                    return days_of_date(first, 1, 1);
                };
                self.take(separator);
                let (month, _) = self.digits()?;
                let day = if self.take(separator) { self.digits()?.0 } else { 1 };
                return days_of_date(first, month, day);
            }
            1 | 2 => {}
            _ => return None,
        }
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let separator = self.rest.chars().next().filter(|c| matches!(c, '-' | '/'));
        if let Some(separator) = separator
            && is_number(&self.rest[1..])
        {
            self.take(separator);
            let (day, _) = self.digits()?;
            let year = self.take(separator).then(|| self.year())??;
            return days_of_date(year, first, day);
        }
        let has_dashes = self.take('-');
        self.skip_space();
        let month = self.month()?;
        if has_dashes && !self.take('-') {
            return None;
        }
        self.skip_space();
        let year = self.year()?;
        days_of_date(year, month, first)
    }

    /// Four digits, or two, of which 50 and above are of the last century.
    fn year(&mut self) -> Option<i64> {
        match self.digits()? {
            (year, 4) => Some(year),
            (year, 2) => Some(if year < 50 { 2000 + year } else { 1900 + year }),
            _ => None,
        }
    }

    /// What stands between date and time.
    fn skip_separator(&mut self) {
        if !(self.take('T') || self.take('t')) {
            self.take(',');
            self.skip_space();
        }
    }

    /// `15`, `15:05`, `15:05:02.5`, `3:05 PM` and a zone: microseconds of the day, and those of the zone.
    fn time(&mut self) -> Option<(i64, i64)> {
        let (mut hour, length) = self.digits()?;
        let (mut minute, mut second, mut fraction) = (0, 0, 0);
        if length > 2 {
            return None;
        }
        if self.take(':') {
            minute = self.two_digits()?;
            if self.take(':') {
                second = self.two_digits()?;
                if self.take('.') || self.take(',') {
                    let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
                    let digits = &self.rest[..length];
                    fraction = format!("{:0<6}", &digits[..length.min(6)]).parse().ok()?;
                    self.rest = &self.rest[length..];
                }
            }
        } else if !self.rest.trim_start().starts_with(['a', 'A', 'p', 'P']) {
            return None;
        }
        self.skip_space();
        let before = self.rest;
        match self.letters() {
            half if half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm") => {
                if !(1..=12).contains(&hour) {
                    return None;
                }
                hour = hour % 12 + if half.eq_ignore_ascii_case("pm") { 12 } else { 0 };
                self.skip_space();
            }
            _ => self.rest = before,
        }
        let zone = self.zone()?;
        let is_time = hour < 24 && minute < 60 && second < 60;
        let seconds = hour * 3600 + minute * 60 + second;
        is_time.then_some((seconds * 1_000_000 + fraction, zone))
    }

    fn two_digits(&mut self) -> Option<i64> {
        self.digits().filter(|(_, length)| *length <= 2).map(|(value, _)| value)
    }

    /// Microseconds that the zone is ahead of UTC.
    fn zone(&mut self) -> Option<i64> {
        if self.rest.is_empty() {
            return Some(0);
        }
        if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let name = self.letters();
            let is_utc = ["z", "gmt", "utc", "ut"]
                .iter()
                .any(|zone| name.eq_ignore_ascii_case(zone));
            if !is_utc {
                return None;
            }
            if self.rest.is_empty() {
                return Some(0);
            }
        }
        let sign = if self.take('+') {
            1
        } else if self.take('-') {
            -1
        } else {
            return None;
        };
        let (hours, minutes) = match self.digits()? {
            (both, 4) => (both / 100, both % 100),
            (hours, 1 | 2) => (hours, if self.take(':') { self.two_digits()? } else { 0 }),
            _ => return None,
        };
        (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) * 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_same_moment_is_that_moment() {
        let moment = "2014-11-08T15:05:02.0000000Z";
        for text in [
            "2014-11-08T15:05:02Z",
            "2014-11-08 15:05:02",
            "2014-11-08T16:05:02+01:00",
            "2014-11-08T10:05:02.0000000-0500",
            "2014/11/08 15:05:02.000",
            "Sat, 8 Nov 14 15:05:02 GMT",
            "8 Nov 2014 15:05:02",
            "Saturday, 08-Nov-14 15:05:02 GMT",
            "Nov 8, 2014 3:05:02 PM",
            "11/8/2014 3:05:02 pm",
            "11-08-2014 15:05:02",
            "20141108T15:05:02",
        ] {
            assert_eq!(
                parse_datetime(text).map(format_datetime).as_deref(),
                Some(moment),
                "{text}"
            );
        }
    }

    #[test]
    fn dates_without_time_begin_the_day_and_what_is_no_date_is_none() {
        for (text, printed) in [
            ("2020-02-29", "2020-02-29T00:00:00.0000000Z"),
            ("2020-2", "2020-02-01T00:00:00.0000000Z"),
            ("1999", "1999-01-01T00:00:00.0000000Z"),
            ("0001-01-01", "0001-01-01T00:00:00.0000000Z"),
            ("9999-12-31 23:59:59.9999999", "9999-12-31T23:59:59.9999990Z"),
            ("2020-01-01T10:30", "2020-01-01T10:30:00.0000000Z"),
        ] {
            assert_eq!(
                parse_datetime(text).map(format_datetime).as_deref(),
                Some(printed),
                "{text}"
            );
        }
        for text in [
            "",
            "x",
            "2021-02-29",
            "2020-13-01",
            "2020-01-01T25:00",
            "2020-01-01 10:00 XYZ",
            "5",
            "12345",
        ] {
            assert_eq!(parse_datetime(text), None, "{text}");
        }
    }

    #[test]
    fn days_and_dates_are_each_others_inverse_over_the_whole_calendar() {
        for days in (-719_162..=2_932_896).step_by(17) {
            let (year, month, day) = date_of_days(days);
            assert_eq!(days_of_date(year, month, day), Some(days));
        }
        assert_eq!(date_of_days(-719_162), (1, 1, 1));
        assert_eq!(date_of_days(2_932_896), (9999, 12, 31));
    }
}
