//! The calendar of `datetime`: Gregorian at all times, years 1 to 9999, microseconds since 1970 in UTC.

pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
/// Ticks of 100 ns in a microsecond.
pub const TICKS: i64 = 10;
/// 0001-01-01.
pub const FIRST: i64 = -719_162 * DAY;
/// The last microsecond of 9999-12-31.
pub const LAST: i64 = 2_932_897 * DAY - 1;

/// A moment by its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
    /// Microseconds since midnight.
    pub time: i64,
}

impl Civil {
    pub fn of(moment: i64) -> Self {
        let (year, month, day) = date(moment.div_euclid(DAY));
        Self {
            year,
            month,
            day,
            time: moment.rem_euclid(DAY),
        }
    }

    pub fn hour(self) -> i64 {
        self.time / HOUR
    }

    pub fn minute(self) -> i64 {
        self.time / MINUTE % 60
    }

    pub fn second(self) -> i64 {
        self.time / SECOND % 60
    }

    /// Microseconds of the second.
    pub fn fraction(self) -> i64 {
        self.time % SECOND
    }
}

/// The moment, where it is in years 1 to 9999.
pub fn in_range(moment: i64) -> Option<i64> {
    (FIRST..=LAST).contains(&moment).then_some(moment)
}

/// Days since 1970-01-01 of a date; the month may be any and runs over into years.
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    // The year begins in March, so that the leap day is its last; 400 years are a whole number of days.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of days since 1970-01-01.
pub fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

pub fn days_in_month(year: i64, month: i64) -> i64 {
    days(year, month + 1, 1) - days(year, month, 1)
}

/// 0 is Sunday.
pub fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_days_have_their_numbers() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 3, 1), 11_017);
        assert_eq!(days(1, 1, 1) * DAY, FIRST);
        assert_eq!(days(10_000, 1, 1) * DAY - 1, LAST);
        assert_eq!(weekday(days(2017, 1, 1)), 0);
        assert_eq!(days_in_month(2000, 2), 29);
        assert_eq!(days_in_month(1900, 2), 28);
    }

    proptest! {
        #[test]
        fn days_and_dates_are_one_to_one(number in FIRST / DAY..=LAST / DAY) {
            let (year, month, day) = date(number);
            prop_assert_eq!(days(year, month, day), number);
            prop_assert!((1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day));
        }
    }
}
