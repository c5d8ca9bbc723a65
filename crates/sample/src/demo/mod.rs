//! The demonstration: a water company over five weeks, told by the files that its collectors and scanner left.
//!
//! Start at [`weeks`] and [`Week::write`]; [`stories`] lists what was planted, and what has to become of it in each
//! week. The directory is made in [`company`], scans and the network map in [`scan`], the Entra tenant in [`tenant`].
//!
//! **Invariant:** the files of a week depend on its time alone, byte for byte; identifiers depend on nothing.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

mod company;
mod scan;
mod story;
mod tenant;

pub use story::{Place, State, Story, stories};

use crate::output::{Output, stamp};
use crate::{SampleError, Written};
use company::Company;

/// Collections, a week apart.
pub const WEEKS: u64 = 5;
/// The partner lets its domain be read until this week only: what is known of it grows old.
const PARTNER_COLLECTED_UNTIL: u64 = 2;
/// Files are imported so long after the directory was read.
const IMPORT_LAG: SignedDuration = SignedDuration::from_hours(5);
const DAYS_A_WEEK: i64 = 7;

/// The name under which scans and network maps are imported (`import --source`): the site of what they tell.
pub const SITE: &str = "Aldermoor";

/// Assets that must not be lost, by the names that the demonstration gives them.
pub struct CriticalAsset {
    pub id: String,
    pub name: &'static str,
    pub level: Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    High,
    VeryHigh,
}

/// What people of the company have set critical, beside the control planes.
pub fn critical_assets() -> Vec<CriticalAsset> {
    let company = Company::in_week(first_week());
    let mut assets: Vec<CriticalAsset> = [
        ("SQLCUST01", Level::VeryHigh),
        ("SQLPAY01", Level::VeryHigh),
        ("SHOP01", Level::High),
        ("BILL01", Level::High),
        ("CRM01", Level::High),
        ("ESB01", Level::High),
        ("HIST01", Level::High),
        ("LIMS01", Level::High),
        ("PENSION01", Level::High),
    ]
    .into_iter()
    .map(|(name, level)| CriticalAsset {
        id: company.sid_of(name),
        name,
        level,
    })
    .collect();
    assets.push(CriticalAsset {
        id: tenant::vault_id(),
        name: tenant::VAULT,
        level: Level::VeryHigh,
    });
    assets
}

/// One collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    /// From 1 to [`WEEKS`].
    pub number: u64,
    pub collected_at: Timestamp,
    /// When the files come to Postern.
    pub imported_at: Timestamp,
}

/// All weeks, the last of which is imported at `now`; whole seconds, as the names of files have no more.
///
/// # Errors
/// [`SampleError::Time`] when `now` is within weeks of the beginning of time.
pub fn weeks(now: Timestamp) -> Result<Vec<Week>, SampleError> {
    let out_of_range = |cause| SampleError::Time { now, cause };
    let now_seconds = Timestamp::from_second(now.as_second()).map_err(out_of_range)?;
    (1..=WEEKS)
        .map(|number| {
            let age = SignedDuration::from_hours(24 * DAYS_A_WEEK * (WEEKS - number) as i64);
            let imported_at = now_seconds.checked_sub(age).map_err(out_of_range)?;
            Ok(Week {
                number,
                collected_at: imported_at.checked_sub(IMPORT_LAG).map_err(out_of_range)?,
                imported_at,
            })
        })
        .collect()
}

/// Identifiers are equal in every week of every demonstration; any week will do to look them up.
fn first_week() -> Week {
    week(1)
}

fn week(number: u64) -> Week {
    Week {
        number,
        collected_at: crate::organisation::COLLECTED_AT,
        imported_at: crate::organisation::COLLECTED_AT,
    }
}

/// What [`Week::write`] has left on the disk.
pub struct Collection {
    /// The directories.
    pub directory: Written,
    /// The Entra tenant.
    pub cloud: Written,
    /// The scan and the network map: imported for [`SITE`].
    pub site: Written,
}

impl Week {
    /// Weeks between the first collection and this one.
    fn weeks_since_first(self) -> u64 {
        self.number - 1
    }

    fn days_since_first(self) -> i64 {
        DAYS_A_WEEK * self.weeks_since_first() as i64
    }

    fn first_collected_at(self) -> Timestamp {
        self.collected_at - SignedDuration::from_hours(24 * self.days_since_first())
    }

    /// Writes the week's files into the folder `out`.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(self, out: &Path) -> Result<Collection, SampleError> {
        let company = Company::in_week(self);
        let at = self.collected_at;
        let mut directory = Written::default();
        let mut sites = vec![&company.head_office, &company.works];
        if self.number <= PARTNER_COLLECTED_UNTIL {
            sites.push(&company.partner);
        }
        for site in sites {
            let domain = site.directory.realm.fqdn.to_lowercase();
            let mut archive = Output::archive(&out.join(format!("{}_{domain}_bloodhound.zip", stamp(at))))?;
            site.directory.write(&mut archive, at)?;
            directory.add(archive.finish()?);
        }
        let mut folder = Output::folder(out)?;
        let records = tenant::records(&company, self);
        folder.document(&format!("{}_azurehound.json", stamp(at)), at, |out| {
            crate::records::write_azure(out, &records)
        })?;
        let cloud = folder.finish()?;

        let mut folder = Output::folder(out)?;
        let report = scan::report(&company, self);
        folder.document(&format!("{}_servers.nessus", stamp(at)), at, |out| {
            out.write_all(report.to_xml().as_bytes())?;
            Ok(report.hosts.len() as u64)
        })?;
        let map = scan::network(&company);
        folder.document(&format!("{}_network.json", stamp(at)), at, |out| {
            serde_json::to_writer_pretty(&mut *out, &map.to_json())?;
            out.write_all(b"\n")?;
            Ok(map.segments.len() as u64)
        })?;
        Ok(Collection {
            directory,
            cloud,
            site: folder.finish()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::site::Site;

    fn now() -> Timestamp {
        "2026-11-21T15:30:12.75Z".parse().unwrap()
    }

    /// Every account and computer: SID → name.
    fn principals(site: &Site) -> BTreeMap<String, String> {
        let directory = &site.directory;
        let users = directory
            .users
            .iter()
            .map(|it| (&it.common, &it.properties.samaccountname));
        let groups = directory
            .groups
            .iter()
            .map(|it| (&it.common, &it.properties.samaccountname));
        let computers = directory
            .computers
            .iter()
            .map(|it| (&it.common, &it.properties.samaccountname));
        users
            .chain(groups)
            .chain(computers)
            .map(|(common, name)| (common.object_identifier.clone(), name.clone()))
            .collect()
    }

    #[test]
    fn nobody_changes_their_sid_from_week_to_week() {
        let weeks = weeks(now()).unwrap();
        for pair in weeks.windows(2) {
            let (before, after) = (Company::in_week(pair[0]), Company::in_week(pair[1]));
            for (before, after) in [
                (&before.head_office, &after.head_office),
                (&before.works, &after.works),
                (&before.partner, &after.partner),
            ] {
                let after = principals(after);
                for (sid, name) in principals(before) {
                    assert_eq!(after.get(&sid), Some(&name), "{sid} in week {}", pair[1].number);
                }
            }
        }
    }

    #[test]
    fn the_last_week_is_imported_now_and_the_others_a_week_apart() {
        let weeks = weeks(now()).unwrap();
        let imported: Vec<_> = weeks.iter().map(|week| week.imported_at.to_string()).collect();
        assert_eq!(imported.len() as u64, WEEKS);
        assert_eq!(
            (&*imported[0], &*imported[4]),
            ("2026-10-24T15:30:12Z", "2026-11-21T15:30:12Z")
        );
    }

    #[test]
    fn a_week_written_twice_is_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let week = weeks(now()).unwrap()[3];
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let (first, second) = (week.write(&a).unwrap(), week.write(&b).unwrap());
        let files = |it: &Collection| {
            [
                it.directory.files.clone(),
                it.cloud.files.clone(),
                it.site.files.clone(),
            ]
            .concat()
        };
        assert_eq!(files(&first).len(), 5);
        for (here, there) in files(&first).iter().zip(&files(&second)) {
            assert_eq!(here.file_name(), there.file_name());
            assert_eq!(std::fs::read(here).unwrap(), std::fs::read(there).unwrap());
        }
    }

    #[test]
    fn a_lasting_date_is_told_alike_every_week() {
        let weeks = weeks(now()).unwrap();
        let told: Vec<_> = weeks
            .iter()
            .map(|&week| {
                let company = Company::in_week(week);
                let users = &company.head_office.directory.users;
                let user = users
                    .iter()
                    .find(|it| it.properties.samaccountname == "svc_sql")
                    .unwrap();
                (user.properties.pwdlastset, user.properties.common.whencreated)
            })
            .collect();
        assert!(told.iter().all(|it| *it == told[0]), "{told:?}");
    }
}
