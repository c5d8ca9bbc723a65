//! The public views of devices: `DeviceInfo`, `DeviceNetworkInfo`, `DeviceTvmSoftwareVulnerabilities`,
//! `DeviceTvmSoftwareInventory`.
//!
//! Columns that nothing in Postern can fill are there and empty, so that public queries run.

use std::collections::BTreeSet;

use postern_kql::Type::{Bool, DateTime, Dynamic, Long, String as Text};
use postern_model::schema::{ASSET_FINDINGS, NODES};
use postern_model::{NodeKind, Phase, Table};

use super::estate::{hex, json_list};
use super::properties::{Told, family, platform};
use super::weaknesses::{Severity, cves_of};
use super::{EstateTables, Out, TableSpec, column};
use crate::error::HuntError;
use postern_model::label::is_azure_resource;

pub static DEVICE_INFO: TableSpec = TableSpec {
    name: "DeviceInfo",
    about: "Devices: computers of directories, hosts that scanners saw, Entra devices, virtual machines.",
    phase: Phase::Findings,
    is_filled: true,
    columns: &[
        column("Timestamp", DateTime, "When a source last saw it."),
        column("DeviceId", Text, "Its `NodeId`."),
        column("DeviceName", Text, "Its name, fully qualified where that is known."),
        column("ClientVersion", Text, "Not known: empty."),
        column("PublicIP", Text, "Not known: empty."),
        column("OSArchitecture", Text, "Not known: empty."),
        column("OSPlatform", Text, "`Windows11`, `WindowsServer2019`, `Linux`, ..."),
        column("OSBuild", Long, "Build of the operating system."),
        column(
            "IsAzureADJoined",
            Bool,
            "Whether it joined Entra; null where no source says.",
        ),
        column(
            "JoinType",
            Text,
            "How it joined Entra: `AzureAd`, `ServerAd` or `Workplace`.",
        ),
        column("AadDeviceId", Text, "Its device id in Entra."),
        column(
            "LoggedOnUsers",
            Text,
            "Not known: empty. See edges of technique `HasSession`.",
        ),
        column("RegistryDeviceTag", Text, "Not known: empty."),
        column("OSVersion", Text, "Version of the operating system."),
        column("MachineGroup", Text, "Not known: empty."),
        column("ReportId", Long, "Not known: null."),
        column("OnboardingStatus", Text, "Not known: empty."),
        column("AdditionalFields", Text, "Not known: empty."),
        column("DeviceCategory", Text, "`Endpoint`."),
        column(
            "DeviceType",
            Text,
            "`Workstation` or `Server`; empty where the operating system does not tell.",
        ),
        column("DeviceSubtype", Text, "Not known: empty."),
        column("Model", Text, "Not known: empty."),
        column("Vendor", Text, "Not known: empty."),
        column("OSDistribution", Text, "Family of the operating system."),
        column("OSVersionInfo", Text, "The operating system as a source names it."),
        column(
            "MergedDeviceIds",
            Text,
            "Original ids of the device that are not its strongest.",
        ),
        column("MergedToDeviceId", Text, "Empty: merged devices are one row."),
        column(
            "IsInternetFacing",
            Bool,
            "Whether traffic from the Internet arrives at an open port.",
        ),
        column("SensorHealthState", Text, "Not known: empty."),
        column("IsExcluded", Bool, "False."),
        column("ExclusionReason", Text, "Empty."),
        column(
            "ExposureLevel",
            Text,
            "High, Medium, Low or None, after the worst finding; empty where nothing looked.",
        ),
        column("AssetValue", Text, "High, Normal or Low, after its criticality."),
        column("DeviceManualTags", Text, "Not known: empty."),
        column("DeviceDynamicTags", Text, "Not known: empty."),
        column("ConnectivityType", Text, "Not known: empty."),
        column("HostDeviceId", Text, "Not known: empty."),
        column("AzureResourceId", Text, "Id of the virtual machine in Azure."),
        column(
            "TimeGenerated",
            DateTime,
            "As `Timestamp`, under the name that workspaces have for it.",
        ),
        column(
            "DiscoverySources",
            Dynamic,
            "Ids of the files that speak of it; see `Sources`.",
        ),
    ],
    shreds: &[],
    rows: device_info,
};

pub static DEVICE_NETWORK_INFO: TableSpec = TableSpec {
    name: "DeviceNetworkInfo",
    about: "Addresses of devices. One row for each device with a known address; adapters are not told apart.",
    phase: Phase::Resolve,
    is_filled: true,
    columns: &[
        column("Timestamp", DateTime, "When a source last saw the device."),
        column("DeviceId", Text, "Its `NodeId`."),
        column("DeviceName", Text, "Its name."),
        column("NetworkAdapterName", Text, "Not known: empty."),
        column("MacAddress", Text, "The first address of an adapter that is known."),
        column("NetworkAdapterType", Text, "Not known: empty."),
        column("NetworkAdapterStatus", Text, "Not known: empty."),
        column("TunnelType", Text, "Not known: empty."),
        column(
            "ConnectedNetworks",
            Text,
            "Not known: empty. See edges of technique `LocatedIn`.",
        ),
        column("DnsAddresses", Text, "Not known: empty."),
        column("IPv4Dhcp", Text, "Not known: empty."),
        column("IPv6Dhcp", Text, "Not known: empty."),
        column("DefaultGateways", Text, "Not known: empty."),
        column("IPAddresses", Text, "JSON array of `{IPAddress}`."),
        column("ReportId", Long, "Not known: null."),
        column("NetworkAdapterVendor", Text, "Not known: empty."),
        column(
            "TimeGenerated",
            DateTime,
            "As `Timestamp`, under the name that workspaces have for it.",
        ),
    ],
    shreds: &[],
    rows: device_network_info,
};

pub static SOFTWARE_VULNERABILITIES: TableSpec = TableSpec {
    name: "DeviceTvmSoftwareVulnerabilities",
    about: "CVEs that scanners found on devices: one row for each device, CVE and check.",
    phase: Phase::Findings,
    is_filled: true,
    columns: &[
        column("DeviceId", Text, "The device; see `DeviceInfo`."),
        column("DeviceName", Text, "Its name."),
        column("OSPlatform", Text, "Its operating system."),
        column("OSVersion", Text, "Version of its operating system."),
        column("OSArchitecture", Text, "Not known: empty."),
        column("SoftwareVendor", Text, "Vendor, out of the CPE that the scanner tells."),
        column(
            "SoftwareName",
            Text,
            "Product, out of the CPE that the scanner tells; else the title of the check.",
        ),
        column(
            "SoftwareVersion",
            Text,
            "Version, out of the CPE that the scanner tells.",
        ),
        column("CveId", Text, "The CVE."),
        column(
            "VulnerabilitySeverityLevel",
            Text,
            "Critical, High, Medium, Low or Informational.",
        ),
        column("RecommendedSecurityUpdate", Text, "What the scanner says to do."),
        column("RecommendedSecurityUpdateId", Text, "Not known: empty."),
        column("CveTags", Dynamic, "Array: `KnownExploited`, `ExploitAvailable`."),
        column("CveMitigationStatus", Text, "Not known: empty."),
        column("FindingId", Text, "The finding; see `Findings`."),
    ],
    shreds: &[],
    rows: software_vulnerabilities,
};

pub static SOFTWARE_INVENTORY: TableSpec = TableSpec {
    name: "DeviceTvmSoftwareInventory",
    about: "Software that scanners saw on devices, as far as their findings name it by CPE.",
    phase: Phase::Findings,
    is_filled: true,
    columns: &[
        column("DeviceId", Text, "The device; see `DeviceInfo`."),
        column("DeviceName", Text, "Its name."),
        column("OSPlatform", Text, "Its operating system."),
        column("OSVersion", Text, "Version of its operating system."),
        column("OSArchitecture", Text, "Not known: empty."),
        column("SoftwareVendor", Text, "Vendor."),
        column("SoftwareName", Text, "Product."),
        column("SoftwareVersion", Text, "Version; empty where it is not told."),
        column("EndOfSupportStatus", Text, "Not known: empty."),
        column("EndOfSupportDate", DateTime, "Not known: null."),
        column("ProductCodeCpe", Text, "The CPE as the scanner tells it."),
    ],
    shreds: &[],
    rows: software_inventory,
};

/// The operating system of a device as public tables write it.
#[derive(Clone, Default)]
struct System {
    platform: String,
    version: String,
    text: String,
}

impl System {
    fn of(told: &Told<'_>) -> Self {
        let text = told.text("operatingsystem").unwrap_or_default();
        Self {
            platform: platform(&text),
            version: told.text("operatingsystemversion").unwrap_or_default(),
            text,
        }
    }
}

fn devices(
    tables: &EstateTables,
    mut each: impl FnMut(u32, &Table, usize) -> Result<(), HuntError>,
) -> Result<(), HuntError> {
    let index = tables.index()?;
    let mut place = 0;
    tables.each_row(&NODES, |table, row| {
        let at = place;
        place += 1;
        match index.kind(at).is_some_and(NodeKind::is_device) {
            true => each(at, table, row),
            false => Ok(()),
        }
    })
}

fn device_info(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [
        time,
        id,
        name,
        public,
        platform,
        build,
        joined,
        join_type,
        entra_id,
        version,
        category,
        kind,
    ] = out.slots([
        "Timestamp",
        "DeviceId",
        "DeviceName",
        "PublicIP",
        "OSPlatform",
        "OSBuild",
        "IsAzureADJoined",
        "JoinType",
        "AadDeviceId",
        "OSVersion",
        "DeviceCategory",
        "DeviceType",
    ]);
    let [distribution, info, facing, excluded, exposure, value, resource, sources] = out.slots([
        "OSDistribution",
        "OSVersionInfo",
        "IsInternetFacing",
        "IsExcluded",
        "ExposureLevel",
        "AssetValue",
        "AzureResourceId",
        "DiscoverySources",
    ]);
    let index = tables.index()?;
    let [generated] = out.slots(["TimeGenerated"]);
    let (exposed, levels) = (tables.exposure()?, tables.levels()?);
    let weaknesses = &tables.weaknesses()?.of_asset;
    devices(tables, |place, table, row| {
        let of = |name| table.schema.column(name);
        let told = Told::of(table.text(row, of("properties")));
        let system = System::of(&told);
        out.time(time, table.long(row, of("last_seen")));
        out.time(generated, table.long(row, of("last_seen")));
        out.text(id, hex(table.id(row, of("id"))).as_str());
        out.text(name, index.name(place));
        out.text(public, "");
        out.text(platform, &system.platform);
        if let Some(number) = system.version.split('.').nth(2).and_then(|it| it.parse().ok()) {
            out.long(build, number);
        }
        if let Some(trust) = told.text("trusttype") {
            out.bool(joined, !trust.eq_ignore_ascii_case("Workplace"));
            out.text(join_type, &trust);
        }
        out.text(entra_id, &told.text("deviceid").unwrap_or_default());
        out.text(version, &system.version);
        out.text(category, "Endpoint");
        out.text(kind, device_type(&system));
        out.text(distribution, family(&system.platform));
        out.text(info, &system.text);
        out.bool(facing, exposed.contains_key(&place));
        out.bool(excluded, false);
        if let Some(insight) = weaknesses.get(&place) {
            out.text(exposure, insight.worst.exposure());
        }
        out.text(
            value,
            match levels.get(&place).map(|it| it.level) {
                Some(0 | 1) => "High",
                Some(3) => "Low",
                _ => "Normal",
            },
        );
        if is_azure_resource(index.key(place)) {
            out.text(resource, &index.key(place).to_ascii_lowercase());
        }
        let files = table.text(row, of("sources"));
        out.text(sources, if files.is_empty() { "[]" } else { files });
        out.end_row()
    })
}

fn device_type(system: &System) -> &'static str {
    match system.platform.as_str() {
        it if it.starts_with("WindowsServer") => "Server",
        it if it.starts_with("Windows") || it == "macOS" => "Workstation",
        "iOS" | "Android" => "Mobile",
        _ => "",
    }
}

fn device_network_info(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [time, id, name, mac, addresses] =
        out.slots(["Timestamp", "DeviceId", "DeviceName", "MacAddress", "IPAddresses"]);
    let [generated] = out.slots(["TimeGenerated"]);
    let index = tables.index()?;
    devices(tables, |place, table, row| {
        let of = |name| table.schema.column(name);
        let told = Told::of(table.text(row, of("properties")));
        let (ips, macs) = (told.texts("ip"), told.texts("mac"));
        if ips.is_empty() && macs.is_empty() {
            return Ok(());
        }
        out.time(time, table.long(row, of("last_seen")));
        out.time(generated, table.long(row, of("last_seen")));
        out.text(id, hex(table.id(row, of("id"))).as_str());
        out.text(name, index.name(place));
        out.text(mac, macs.first().map_or("", String::as_str));
        let objects: Vec<_> = ips
            .iter()
            .map(|ip| format!("{{\"IPAddress\":{}}}", one_text(ip)))
            .collect();
        out.text(addresses, &format!("[{}]", objects.join(",")));
        out.end_row()
    })
}

/// A JSON string.
fn one_text(text: &str) -> String {
    let mut json = String::new();
    super::estate::push_json_text(&mut json, text);
    json
}

/// Vendor, product and version of a CPE in either of its forms: `cpe:/a:apache:http_server:2.4` and
/// `cpe:2.3:a:apache:http_server:2.4:*`. (NISTIR 7695, sections 6.1 and 6.2.)
fn cpe_parts(cpe: &str) -> Option<[String; 3]> {
    let rest = cpe.strip_prefix("cpe:/").or_else(|| cpe.strip_prefix("cpe:2.3:"))?;
    let mut parts = rest.split(':').skip(1).map(|part| match part {
        "*" | "-" => String::new(),
        part => part.replace('\\', ""),
    });
    let [vendor, product, version] = [(); 3].map(|()| parts.next().unwrap_or_default());
    (!product.is_empty()).then_some([vendor, product, version])
}

/// CPEs that a finding tells: a list, or lines of a text.
fn cpes(told: &Told<'_>) -> Vec<String> {
    let list = told.texts("cpe");
    match list.is_empty() {
        false => list,
        true => told
            .text("cpe")
            .map_or_else(Vec::new, |text| text.lines().map(str::to_owned).collect()),
    }
}

/// Operating systems by place, for the views over findings.
fn systems(tables: &EstateTables) -> Result<std::collections::HashMap<u32, System>, HuntError> {
    let mut systems = std::collections::HashMap::new();
    devices(tables, |place, table, row| {
        let told = Told::of(table.text(row, table.schema.column("properties")));
        systems.insert(place, System::of(&told));
        Ok(())
    })?;
    Ok(systems)
}

fn software_vulnerabilities(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [
        id,
        name,
        platform,
        version,
        vendor,
        software,
        software_version,
        cve,
        severity,
        update,
        tags,
        finding,
    ] = out.slots([
        "DeviceId",
        "DeviceName",
        "OSPlatform",
        "OSVersion",
        "SoftwareVendor",
        "SoftwareName",
        "SoftwareVersion",
        "CveId",
        "VulnerabilitySeverityLevel",
        "RecommendedSecurityUpdate",
        "CveTags",
        "FindingId",
    ]);
    let index = tables.index()?;
    let systems = systems(tables)?;
    tables.each_row(&ASSET_FINDINGS, |table, row| {
        let of = |name| table.schema.column(name);
        let node = table.id(row, of("node"));
        let Some((place, system)) = index.place(node).and_then(|place| Some((place, systems.get(&place)?))) else {
            return Ok(());
        };
        let told = Told::of(table.text(row, of("properties")));
        let title = table.text(row, of("title"));
        let [cpe_vendor, cpe_product, cpe_version] = cpes(&told)
            .iter()
            .find_map(|cpe| cpe_parts(cpe))
            .unwrap_or_else(|| [String::new(), title.to_owned(), String::new()]);
        let flag = |name| table.bool(row, of(name)) == Some(true);
        let labels: Vec<_> = [
            ("KnownExploited", flag("is_kev")),
            ("ExploitAvailable", flag("exploit_available")),
        ]
        .into_iter()
        .filter_map(|(label, is_so)| is_so.then_some(label))
        .collect();
        for one in cves_of(table.text(row, of("cves"))) {
            out.text(id, hex(node).as_str());
            out.text(name, index.name(place));
            out.text(platform, &system.platform);
            out.text(version, &system.version);
            out.text(vendor, &cpe_vendor);
            out.text(software, &cpe_product);
            out.text(software_version, &cpe_version);
            out.text(cve, &one);
            out.text(severity, Severity::of(table.text(row, of("severity"))).as_str());
            out.text(update, &told.text("solution").unwrap_or_default());
            out.text(tags, &json_list(&labels));
            out.text(finding, hex(table.id(row, of("id"))).as_str());
            out.end_row()?;
        }
        Ok(())
    })
}

fn software_inventory(tables: &EstateTables, out: &mut Out<'_>) -> Result<(), HuntError> {
    let [id, name, platform, version, vendor, software, software_version, code] = out.slots([
        "DeviceId",
        "DeviceName",
        "OSPlatform",
        "OSVersion",
        "SoftwareVendor",
        "SoftwareName",
        "SoftwareVersion",
        "ProductCodeCpe",
    ]);
    let index = tables.index()?;
    let systems = systems(tables)?;
    let mut seen = BTreeSet::new();
    tables.each_row(&ASSET_FINDINGS, |table, row| {
        let of = |name| table.schema.column(name);
        let Some(place) = index
            .place(table.id(row, of("node")))
            .filter(|it| systems.contains_key(it))
        else {
            return Ok(());
        };
        let told = Told::of(table.text(row, of("properties")));
        seen.extend(cpes(&told).into_iter().map(|cpe| (place, cpe)));
        Ok(())
    })?;
    for (place, cpe) in seen {
        let (Some([cpe_vendor, product, number]), Some(system)) = (cpe_parts(&cpe), systems.get(&place)) else {
            continue;
        };
        out.text(id, hex(index.id(place)).as_str());
        out.text(name, index.name(place));
        out.text(platform, &system.platform);
        out.text(version, &system.version);
        out.text(vendor, &cpe_vendor);
        out.text(software, &product);
        out.text(software_version, &number);
        out.text(code, &cpe);
        out.end_row()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_cpe_name_vendor_product_and_version() {
        let of = |cpe| cpe_parts(cpe).map(|parts| parts.join(" "));
        assert_eq!(
            of("cpe:/a:apache:http_server:2.4.1").as_deref(),
            Some("apache http_server 2.4.1")
        );
        assert_eq!(
            of("cpe:2.3:a:openbsd:openssh:8.9:*:*").as_deref(),
            Some("openbsd openssh 8.9")
        );
        assert_eq!(of("cpe:/o:linux:linux_kernel").as_deref(), Some("linux linux_kernel "));
        assert_eq!(of("apache"), None);
    }
}
