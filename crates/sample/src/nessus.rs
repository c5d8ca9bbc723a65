//! Nessus reports, XML version 2: hosts with their identity, and one item per plugin and port.
//!
//! # Source
//! Tenable, "Nessus v2 file format"; plugin names, families and scores as the public plugin pages print
//! them.

use std::fmt::Write as _;

use jiff::Timestamp;

#[derive(Clone, Debug)]
pub struct Report {
    pub name: &'static str,
    pub scanned_at: Timestamp,
    /// Plugin families that the policy names as switched on: what of them is not in the report was not found.
    pub families: Vec<&'static str>,
    pub hosts: Vec<Host>,
}

#[derive(Clone, Debug)]
pub struct Host {
    pub ip: String,
    /// Lower case, as a resolver answers.
    pub fqdn: String,
    pub operating_system: &'static str,
    pub items: Vec<Item>,
}

/// A plugin's result at a port; port 0 for the host as such.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub plugin: &'static Plugin,
    pub port: u16,
    pub service: &'static str,
}

#[derive(Debug)]
pub struct Plugin {
    pub id: u32,
    pub name: &'static str,
    pub family: &'static str,
    /// 0 informational to 4 critical.
    pub severity: u8,
    pub cves: &'static [&'static str],
    pub cvss3: Option<Cvss3>,
    /// An exploit is public.
    pub has_exploit: bool,
    pub synopsis: &'static str,
    pub solution: &'static str,
}

#[derive(Debug)]
pub struct Cvss3 {
    pub score: &'static str,
    pub vector: &'static str,
}

pub const SYN_SCANNER: Plugin = Plugin {
    id: 11219,
    name: "Nessus SYN scanner",
    family: "Port scanners",
    severity: 0,
    cves: &[],
    cvss3: None,
    has_exploit: false,
    synopsis: "The port is open.",
    solution: "Protect the port with a packet filter where it is not needed.",
};

pub const SMB_SIGNING: Plugin = Plugin {
    id: 57608,
    name: "SMB Signing not required",
    family: "Misc.",
    severity: 2,
    cves: &[],
    cvss3: Some(Cvss3 {
        score: "5.3",
        vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N",
    }),
    has_exploit: false,
    synopsis: "The server takes unsigned SMB messages.",
    solution: "Require message signing in the host's configuration.",
};

pub const MEDIUM_CIPHERS: Plugin = Plugin {
    id: 42873,
    name: "SSL Medium Strength Cipher Suites Supported (SWEET32)",
    family: "General",
    severity: 3,
    cves: &["CVE-2016-2183"],
    cvss3: Some(Cvss3 {
        score: "7.5",
        vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
    }),
    has_exploit: false,
    synopsis: "The service offers ciphers with 64-bit blocks.",
    solution: "Take the medium strength ciphers out of the service's configuration.",
};

pub const ETERNAL_BLUE: Plugin = Plugin {
    id: 97833,
    name: "MS17-010: Security Update for Microsoft Windows SMB Server (4013389) (uncredentialed check)",
    family: "Windows",
    severity: 3,
    cves: &[
        "CVE-2017-0143",
        "CVE-2017-0144",
        "CVE-2017-0145",
        "CVE-2017-0146",
        "CVE-2017-0147",
        "CVE-2017-0148",
    ],
    cvss3: Some(Cvss3 {
        score: "8.1",
        vector: "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H",
    }),
    has_exploit: true,
    synopsis: "Crafted SMBv1 requests run code on the host.",
    solution: "Install MS17-010 and switch SMBv1 off.",
};

pub const BLUE_KEEP: Plugin = Plugin {
    id: 125313,
    name: "Microsoft RDP RCE (CVE-2019-0708) (BlueKeep) (uncredentialed check)",
    family: "Windows",
    severity: 4,
    cves: &["CVE-2019-0708"],
    cvss3: Some(Cvss3 {
        score: "9.8",
        vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    }),
    has_exploit: true,
    synopsis: "Crafted remote desktop requests run code on the host before anyone logs on.",
    solution: "Install the May 2019 update and require network level authentication.",
};

pub const LOG4SHELL: Plugin = Plugin {
    id: 155998,
    name: "Apache Log4j Message Lookup Substitution RCE (Log4Shell) (Direct Check)",
    family: "Web Servers",
    severity: 4,
    cves: &["CVE-2021-44228"],
    cvss3: Some(Cvss3 {
        score: "10.0",
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
    }),
    has_exploit: true,
    synopsis: "A logged text makes the server load and run code from elsewhere.",
    solution: "Upgrade Log4j to 2.17.1 or later.",
};

pub const SHELLSHOCK: Plugin = Plugin {
    id: 77829,
    name: "GNU Bash Environment Variable Handling Code Injection (Shellshock)",
    family: "CGI abuses",
    severity: 4,
    cves: &["CVE-2014-6271"],
    cvss3: Some(Cvss3 {
        score: "9.8",
        vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    }),
    has_exploit: true,
    synopsis: "A header of a web request is run as a command.",
    solution: "Install the update of the manufacturer, or take the device out of service.",
};

pub const SCAN_INFORMATION: Plugin = Plugin {
    id: 19506,
    name: "Nessus Scan Information",
    family: "Settings",
    severity: 0,
    cves: &[],
    cvss3: None,
    has_exploit: false,
    synopsis: "How the scan was made.",
    solution: "There is nothing to do.",
};

pub const TLS_10: Plugin = Plugin {
    id: 104743,
    name: "TLS Version 1.0 Protocol Detection",
    family: "Service detection",
    severity: 2,
    cves: &[],
    cvss3: Some(Cvss3 {
        score: "6.5",
        vector: "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:L/A:N",
    }),
    has_exploit: false,
    synopsis: "The service takes connections in an old version of TLS.",
    solution: "Switch TLS 1.0 off, and 1.2 and 1.3 on.",
};

pub const TLS_11: Plugin = Plugin {
    id: 157288,
    name: "TLS Version 1.1 Deprecated Protocol",
    family: "Service detection",
    severity: 2,
    cves: &[],
    cvss3: Some(Cvss3 {
        score: "6.5",
        vector: "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:L/A:N",
    }),
    has_exploit: false,
    synopsis: "The service takes connections in an old version of TLS.",
    solution: "Switch TLS 1.1 off, and 1.2 and 1.3 on.",
};

pub const SELF_SIGNED: Plugin = Plugin {
    id: 57582,
    name: "SSL Self-Signed Certificate",
    family: "General",
    severity: 2,
    cves: &[],
    cvss3: Some(Cvss3 {
        score: "6.5",
        vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N",
    }),
    has_exploit: false,
    synopsis: "The chain ends with a certificate that nobody has vouched for.",
    solution: "Buy or issue a proper certificate for this service.",
};

pub const CERTIFICATE_EXPIRY: Plugin = Plugin {
    id: 15901,
    name: "SSL Certificate Expiry",
    family: "General",
    severity: 2,
    cves: &[],
    cvss3: Some(Cvss3 {
        score: "5.3",
        vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N",
    }),
    has_exploit: false,
    synopsis: "The certificate of the service has expired.",
    solution: "Replace the certificate.",
};

pub const NO_NLA: Plugin = Plugin {
    id: 58453,
    name: "Terminal Services Doesn't Use Network Level Authentication (NLA) Only",
    family: "Misc.",
    severity: 2,
    cves: &[],
    cvss3: Some(Cvss3 {
        score: "4.0",
        vector: "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:C/C:L/I:N/A:N",
    }),
    has_exploit: false,
    synopsis: "Remote desktop does not ask for an account first.",
    solution: "Require network level authentication in the settings of remote desktop.",
};

pub const ICMP_TIMESTAMP: Plugin = Plugin {
    id: 10114,
    name: "ICMP Timestamp Request Remote Date Disclosure",
    family: "General",
    severity: 1,
    cves: &["CVE-1999-0524"],
    cvss3: None,
    has_exploit: false,
    synopsis: "The host tells its time to anybody.",
    solution: "Filter out ICMP timestamp requests (13) and replies (14).",
};

pub const WEAK_SSH_MAC: Plugin = Plugin {
    id: 71049,
    name: "SSH Weak MAC Algorithms Enabled",
    family: "Misc.",
    severity: 1,
    cves: &[],
    cvss3: None,
    has_exploit: false,
    synopsis: "The SSH server offers MD5 or 96-bit codes.",
    solution: "Take the weak algorithms out of its configuration.",
};

pub const RC4: Plugin = Plugin {
    id: 65821,
    name: "SSL RC4 Cipher Suites Supported (Bar Mitzvah)",
    family: "General",
    severity: 2,
    cves: &["CVE-2013-2566", "CVE-2015-2808"],
    cvss3: Some(Cvss3 {
        score: "5.9",
        vector: "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N",
    }),
    has_exploit: false,
    synopsis: "The service offers RC4.",
    solution: "Take the RC4 suites out of the configuration of the service.",
};

pub const WEAK_HASH: Plugin = Plugin {
    id: 35291,
    name: "SSL Certificate Signed Using Weak Hashing Algorithm",
    family: "General",
    severity: 2,
    cves: &["CVE-2004-2761"],
    cvss3: Some(Cvss3 {
        score: "7.5",
        vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N",
    }),
    has_exploit: false,
    synopsis: "A certificate of the chain was signed over MD5 or SHA-1.",
    solution: "Have the certificate issued again.",
};

impl Report {
    pub fn to_xml(&self) -> String {
        let name = escape(self.name);
        let mut xml = String::from("<?xml version=\"1.0\" ?>\n<NessusClientData_v2>\n");
        let _ = write!(xml, "<Policy><policyName>{name}</policyName>");
        if !self.families.is_empty() {
            xml.push_str("<FamilySelection>");
            for family in &self.families {
                let family = escape(family);
                let _ = write!(
                    xml,
                    "<FamilyItem><FamilyName>{family}</FamilyName><Status>enabled</Status></FamilyItem>"
                );
            }
            xml.push_str("</FamilySelection>");
        }
        xml.push_str("</Policy>\n");
        let _ = writeln!(xml, "<Report name=\"{name}\" xmlns:cm=\"http://www.nessus.org/cm\">");
        for host in &self.hosts {
            self.host(&mut xml, host);
        }
        xml.push_str("</Report>\n</NessusClientData_v2>\n");
        xml
    }

    // Writing into a String cannot fail, so the results of `write!` are dropped here and below.
    fn host(&self, xml: &mut String, host: &Host) {
        let netbios = host.fqdn.split('.').next().unwrap_or_default().to_uppercase();
        let ended = self.scanned_at.as_second();
        let _ = writeln!(xml, "<ReportHost name=\"{}\">\n<HostProperties>", escape(&host.ip));
        for (name, value) in [
            ("HOST_START_TIMESTAMP", (ended - SCAN_SECONDS).to_string()),
            ("HOST_END_TIMESTAMP", ended.to_string()),
            ("HOST_END", self.scanned_at.strftime("%a %b %e %H:%M:%S %Y").to_string()),
            ("Credentialed_Scan", "false".to_owned()),
            ("policy-used", self.name.to_owned()),
            ("host-ip", host.ip.clone()),
            ("host-fqdn", host.fqdn.clone()),
            ("netbios-name", netbios),
            ("operating-system", host.operating_system.to_owned()),
        ] {
            let _ = writeln!(xml, "<tag name=\"{name}\">{}</tag>", escape(&value));
        }
        xml.push_str("</HostProperties>\n");
        for item in &host.items {
            item_xml(xml, item);
        }
        xml.push_str("</ReportHost>\n");
    }
}

/// How long the scanner claims to have looked at each host.
const SCAN_SECONDS: i64 = 240;

fn item_xml(xml: &mut String, item: &Item) {
    let plugin = item.plugin;
    let _ = writeln!(
        xml,
        "<ReportItem port=\"{}\" svc_name=\"{}\" protocol=\"tcp\" severity=\"{}\" pluginID=\"{}\" pluginName=\"{}\" \
         pluginFamily=\"{}\">",
        item.port,
        escape(item.service),
        plugin.severity,
        plugin.id,
        escape(plugin.name),
        escape(plugin.family),
    );
    for cve in plugin.cves {
        let _ = writeln!(xml, "<cve>{cve}</cve>");
    }
    if let Some(cvss) = &plugin.cvss3 {
        let _ = writeln!(
            xml,
            "<cvss3_base_score>{}</cvss3_base_score>\n<cvss3_vector>{}</cvss3_vector>",
            cvss.score, cvss.vector
        );
    }
    if !plugin.cves.is_empty() {
        let _ = writeln!(xml, "<exploit_available>{}</exploit_available>", plugin.has_exploit);
    }
    let _ = writeln!(
        xml,
        "<plugin_name>{}</plugin_name>\n<plugin_type>remote</plugin_type>\n<risk_factor>{}</risk_factor>\n\
         <solution>{}</solution>\n<synopsis>{}</synopsis>\n</ReportItem>",
        escape(plugin.name),
        ["None", "Low", "Medium", "High", "Critical"][usize::from(plugin.severity.min(4))],
        escape(plugin.solution),
        escape(plugin.synopsis),
    );
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
