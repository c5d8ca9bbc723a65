//! An AzureHound collection of a wanted size, streamed: the devices of a large tenant, with their owners.
//!
//! Start at [`write`]. Devices are what grows in a tenant: each laptop, phone and virtual desktop that ever registered
//! is one, and each has a record of its owners beside its own. Fields are those that Microsoft Graph gives for a
//! device; flags that are false and texts that are empty are left out, as the collector leaves them out.
//!
//! **Invariant:** a record is a function of (seed, its number), so the writer's memory does not grow with the size.

use std::io::{self, Write};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::output::{Output, stamp};
use crate::{SampleError, Written};

/// Collections below this hold little beside the tenant's own record, and their size is not kept.
pub const SIZE_BYTES_MIN: u64 = 256 * 1024;
/// About 700 million devices; a thousand times what is measured.
pub const SIZE_BYTES_MAX: u64 = 1 << 40;

/// When the collection claims to have been made.
const COLLECTED_AT: Timestamp = Timestamp::constant(1_788_328_800, 0); // 2026-09-02T06:00:00Z

/// Bytes of JSON for each device with its owners. A test holds the size that comes out to within 5 % of the wanted one.
const BYTES_PER_DEVICE: u64 = 1_303;
const DEVICES_PER_USER: u64 = 3;

/// Streams of choices; a number each, never reused.
#[derive(Clone, Copy)]
enum Stream {
    Tenant,
    Device,
    DeviceId,
    User,
    Choice,
}

/// Draws of [`Stream::Choice`] for each device.
const DEVICE_DRAWS: u64 = 16;

/// Operating system, its version, how the device trusts the tenant, who made it, its model.
const MODELS: [[&str; 5]; 6] = [
    ["Windows", "10.0.22631.4169", "AzureAd", "Dell Inc.", "Latitude 7440"],
    ["Windows", "10.0.26100.1742", "ServerAd", "LENOVO", "ThinkPad T14 Gen 4"],
    [
        "Windows",
        "10.0.19045.4894",
        "Workplace",
        "HP",
        "EliteBook 840 14 inch G10",
    ],
    ["IPhone", "17.6.1", "Workplace", "Apple", "iPhone 15"],
    ["Android", "14.0", "Workplace", "samsung", "SM-S921B"],
    ["MacMDM", "14.6.1", "AzureAd", "Apple", "MacBook Pro"],
];

/// Writes `<yyyymmddHHMMSS>_azurehound.json` of about `size_bytes` into the folder `out`.
///
/// # Errors
/// [`SampleError::TooSmall`], [`SampleError::TooLarge`], and what the disk says.
pub fn write(out: &Path, size_bytes: u64, seed: u64) -> Result<Written, SampleError> {
    if size_bytes < SIZE_BYTES_MIN {
        return Err(SampleError::TooSmall {
            size_bytes,
            minimum: SIZE_BYTES_MIN,
        });
    }
    if size_bytes > SIZE_BYTES_MAX {
        return Err(SampleError::TooLarge {
            size_bytes,
            maximum: SIZE_BYTES_MAX,
        });
    }
    let plan = Plan {
        seed,
        devices: size_bytes / BYTES_PER_DEVICE,
    };
    let mut output = Output::folder(out)?;
    let name = format!("{}_azurehound.json", stamp(COLLECTED_AT));
    output.document(&name, COLLECTED_AT, |out| plan.write(out))?;
    output.finish()
}

struct Plan {
    seed: u64,
    devices: u64,
}

impl Plan {
    fn write(&self, out: &mut dyn Write) -> io::Result<u64> {
        write!(out, "{{\"data\":[{}", self.tenant())?;
        for number in 0..self.devices {
            write!(out, ",\n{}", self.device(number))?;
        }
        for number in 0..self.devices {
            write!(out, ",\n{}", self.owners(number))?;
        }
        let records = 1 + 2 * self.devices;
        write!(
            out,
            "],\"meta\":{{\"type\":\"azure\",\"version\":5,\"count\":{records}}}}}"
        )?;
        Ok(1 + self.devices)
    }

    fn dice(&self, stream: Stream) -> Dice {
        Dice::new(self.seed, stream as u64)
    }

    fn tenant_id(&self) -> String {
        self.dice(Stream::Tenant).guid(0).to_lowercase()
    }

    fn device_id(&self, number: u64) -> String {
        self.dice(Stream::Device).guid(number).to_lowercase()
    }

    fn choice(&self, device: u64, draw: u64, bound: u64) -> u64 {
        self.dice(Stream::Choice).below(device * DEVICE_DRAWS + draw, bound)
    }

    fn tenant(&self) -> String {
        let id = self.tenant_id();
        record(
            "AZTenant",
            &json!({"id": id, "tenantId": id, "displayName": "Example", "collected": true}),
        )
    }

    fn device(&self, number: u64) -> String {
        let [system, version, trust, maker, model] = MODELS[self.choice(number, 0, MODELS.len() as u64) as usize];
        let device_id = self.dice(Stream::DeviceId).guid(number).to_lowercase();
        let days_ago = |draw: u64, days: u64| {
            let hours = self.choice(number, draw, days * 24) as i64;
            (COLLECTED_AT - SignedDuration::from_hours(hours)).to_string()
        };
        let mut data = json!({
            "id": self.device_id(number),
            "alternativeSecurityIds": [{"type": 2, "key": format!("WAA1ADAAOQA6{number:012}")}],
            "approximateLastSignInDateTime": days_ago(1, 60),
            "deviceId": device_id,
            "deviceVersion": 2,
            "displayName": format!("{}-{number:07}", if system == "Windows" { "LT" } else { "MOB" }),
            "manufacturer": maker,
            "mdmAppId": "0000000a-0000-0000-c000-000000000000",
            "model": model,
            "onPremisesExtensionAttributes": {},
            "operatingSystem": system,
            "operatingSystemVersion": version,
            "physicalIds": [
                format!("[USER-GID]:{device_id}:6966{number:012}"),
                format!("[GID]:g:6966{number:012}"),
                format!("[USER-HWID]:{device_id}:6966{number:012}"),
                format!("[HWID]:h:6966{number:012}"),
            ],
            "profileType": "RegisteredDevice",
            "registrationDateTime": days_ago(2, 1_500),
            "tenantId": self.tenant_id(),
            "tenantName": "Example",
            "trustType": trust,
        });
        for (draw, flag) in [(3, "isCompliant"), (4, "isManaged"), (5, "accountEnabled")] {
            if self.choice(number, draw, 8) > 0 {
                data[flag] = true.into();
            }
        }
        if trust == "ServerAd" {
            data["onPremisesSyncEnabled"] = true.into();
            data["onPremisesLastSyncDateTime"] = days_ago(6, 2).into();
        }
        record("AZDevice", &data)
    }

    /// A device in sixteen has nobody's name on it, as a kiosk has none.
    fn owners(&self, number: u64) -> String {
        let device = self.device_id(number);
        let mut owners = Vec::new();
        if self.choice(number, 7, 16) > 0 {
            let user = self.choice(number, 8, self.devices.div_ceil(DEVICES_PER_USER));
            owners.push(json!({
                "owner": {
                    "@odata.type": "#microsoft.graph.user",
                    "id": self.dice(Stream::User).guid(user).to_lowercase(),
                    "businessPhones": [],
                    "displayName": format!("Person {user}"),
                    "mail": format!("person.{user}@example.org"),
                    "preferredLanguage": "en-GB",
                    "userPrincipalName": format!("person.{user}@example.org"),
                },
                "deviceId": device,
            }));
        }
        record("AZDeviceOwner", &json!({"owners": owners, "deviceId": device}))
    }
}

/// The kind stands first, as the collector writes it.
fn record(kind: &str, data: &Value) -> String {
    format!("{{\"kind\":\"{kind}\",\"data\":{data}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(size_bytes: u64, seed: u64) -> Vec<u8> {
        let plan = Plan {
            seed,
            devices: size_bytes / BYTES_PER_DEVICE,
        };
        let mut bytes = Vec::new();
        plan.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn the_size_is_about_the_wanted_one() {
        for wanted in [SIZE_BYTES_MIN, 4 << 20] {
            let found = written(wanted, 1).len() as f64 / wanted as f64;
            assert!((0.95..1.05).contains(&found), "{wanted}: {found}");
        }
    }

    #[test]
    fn equal_seeds_give_equal_bytes_and_every_document_is_json() {
        let bytes = written(SIZE_BYTES_MIN, 7);
        assert_eq!(bytes, written(SIZE_BYTES_MIN, 7));
        assert_ne!(bytes, written(SIZE_BYTES_MIN, 8));
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(document["data"][1]["kind"], "AZDevice");
        assert_eq!(document["meta"]["count"], document["data"].as_array().unwrap().len());
    }
}
