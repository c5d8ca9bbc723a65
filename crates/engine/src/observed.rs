//! When a file was observed, if its content does not say (DESIGN 3.1).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use postern_model::batch::{Observed, TimeOrigin};

/// Years outside are taken for numbers that only look like a date.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2199;

/// The strongest origin there is: the record's own time, a timestamp in the entry's name, the archive
/// entry's time, else the time of import.
pub fn observed(record: Option<Timestamp>, name: &str, archive: Option<Timestamp>, now: Timestamp) -> Observed {
    [
        (record, TimeOrigin::Record),
        (time_in_name(name), TimeOrigin::EntryName),
        (archive, TimeOrigin::ArchiveEntry),
    ]
    .into_iter()
    .find_map(|(at, origin)| Some(Observed { at: at?, origin }))
    .unwrap_or(Observed {
        at: now,
        origin: TimeOrigin::Import,
    })
}

/// The first run of 14 digits that is a date and time (`20240305110018_users.json`), else the first run of
/// 8 digits that is a date; both in UTC.
fn time_in_name(path: &str) -> Option<Timestamp> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let runs = || name.split(|c: char| !c.is_ascii_digit());
    let date_time = runs().filter(|run| run.len() == 14).find_map(|run| {
        let time = Time::new(
            run[8..10].parse().ok()?,
            run[10..12].parse().ok()?,
            run[12..14].parse().ok()?,
            0,
        )
        .ok()?;
        Some(date(&run[..8])?.to_datetime(time))
    });
    let date_only = || {
        runs()
            .filter(|run| run.len() == 8)
            .find_map(|run| Some(date(run)?.to_datetime(Time::midnight())))
    };
    utc(date_time.or_else(date_only)?)
}

fn date(digits: &str) -> Option<Date> {
    let year = digits[..4].parse().ok().filter(|year| YEARS.contains(year))?;
    Date::new(year, digits[4..6].parse().ok()?, digits[6..8].parse().ok()?).ok()
}

/// A zip archive keeps local times without a zone, in the two words of MS-DOS; they are taken for UTC. The first year
/// that can be written is 1980, which means unknown.
pub fn archive_time(date: u16, time: u16) -> Option<Timestamp> {
    let part = |word: u16, shift: u32, bits: u32| i8::try_from((word >> shift) & ((1 << bits) - 1)).ok();
    let year = 1980 + i16::try_from(date >> 9).ok()?;
    let year = Some(year).filter(|year| YEARS.contains(year))?;
    let date = Date::new(year, part(date, 5, 4)?, part(date, 0, 5)?).ok()?;
    let time = Time::new(part(time, 11, 5)?, part(time, 5, 6)?, part(time, 0, 5)? * 2, 0).ok()?;
    utc(date.to_datetime(time))
}

/// A gzip file keeps seconds since 1970; zero means unknown.
pub fn gzip_time(seconds: u32) -> Option<Timestamp> {
    let time = Timestamp::from_second(i64::from(seconds)).ok()?;
    let year = time.to_zoned(TimeZone::UTC).year();
    YEARS.contains(&year).then_some(time)
}

fn utc(time: DateTime) -> Option<Timestamp> {
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Timestamp> {
        text.parse().ok()
    }

    #[test]
    fn a_collectors_file_name_tells_its_time() {
        assert_eq!(
            time_in_name("loot.zip/20240305110018_users.json"),
            at("2024-03-05T11:00:18Z")
        );
        assert_eq!(time_in_name("scan-20240305.nessus"), at("2024-03-05T00:00:00Z"));
    }

    #[test]
    fn digits_that_are_no_date_tell_nothing() {
        for name in [
            "users.json",
            "12345678.json",
            "20241305110018_users.json",
            "20240305110018/users.json",
        ] {
            assert_eq!(time_in_name(name), None, "{name}");
        }
    }

    #[test]
    fn the_times_of_archives_are_read_and_their_zeros_mean_unknown() {
        let (date, time) = (((2024 - 1980) << 9) | (3 << 5) | 5, (11 << 11) | (18 / 2));
        assert_eq!(archive_time(date, time), at("2024-03-05T11:00:18Z"));
        assert_eq!(archive_time((1 << 5) | 1, 0), None, "the first day that can be written");
        assert_eq!(archive_time(date, u16::MAX), None, "no time of day");
        assert_eq!(gzip_time(1_709_636_418), at("2024-03-05T11:00:18Z"));
        assert_eq!(gzip_time(0), None);
    }

    #[test]
    fn the_record_speaks_before_the_name_and_the_name_before_the_archive() {
        let (record, archive) = (at("2024-01-01T00:00:00Z"), at("2024-02-02T00:00:00Z"));
        let now = at("2025-01-01T00:00:00Z").unwrap_or_default();
        assert_eq!(
            observed(record, "20240305110018_x", archive, now).origin,
            TimeOrigin::Record
        );
        assert_eq!(
            observed(None, "20240305110018_x", archive, now).origin,
            TimeOrigin::EntryName
        );
        assert_eq!(
            observed(None, "x", archive, now),
            Observed {
                at: archive.unwrap_or_default(),
                origin: TimeOrigin::ArchiveEntry
            }
        );
        assert_eq!(
            observed(None, "x", None, now),
            Observed {
                at: now,
                origin: TimeOrigin::Import
            }
        );
    }
}
