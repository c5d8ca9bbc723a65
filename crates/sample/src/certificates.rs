//! Certificate services of a generated directory: templates, authorities, and the stores that trust them.
//!
//! Start at [`Services::new`]. Templates are ordinary ones and the mistakes that people make with them, so that every
//! derivation over certificates has something to look at.

use postern_model::kind::{NodeKind, RelationKind};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::records::{Ace, Principal};
use crate::standard::{Realm, ace, ace_of, rid};

const TEMPLATES: u64 = 60;
pub const AUTHORITIES: usize = 3;
/// One in this many templates has the mistake of its number, counted below.
const MISTAKE_EVERY: u64 = 6;

const CLIENT_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.2";
const SERVER_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.1";
const ENROLMENT_AGENT: &str = "1.3.6.1.4.1.311.20.2.1";
const ANY_PURPOSE: &str = "2.5.29.37.0";

/// Records by type, as SharpHound writes them.
pub struct Services {
    pub templates: Vec<Value>,
    pub authorities: Vec<Value>,
    pub roots: Vec<Value>,
    pub stores: Vec<Value>,
}

impl Services {
    /// * `hosts`: SIDs of the servers that authorities run on, one each.
    /// * `enrollers`: groups, of which each template takes one.
    pub fn new(realm: &Realm, dice: Dice, hosts: &[String], enrollers: &[Principal]) -> Self {
        let guid = |number: u64| dice.guid(number);
        let thumbprint = |number: u64| format!("{:040X}", dice.value(number));
        let (root, issuing) = (thumbprint(0), |number: u64| thumbprint(1 + number));
        let public_keys = format!(
            "CN=PUBLIC KEY SERVICES,CN=SERVICES,CN=CONFIGURATION,{}",
            realm.distinguished_name()
        );
        let record = |id: String, name: &str, folder: &str, properties: Value, aces: Vec<Ace>, more: Value| {
            let name = name.to_uppercase();
            let mut all = json!({
                "domain": realm.fqdn, "domainsid": realm.sid, "isaclprotected": false,
                "name": format!("{name}@{}", realm.fqdn),
                "distinguishedname": format!("CN={name},CN={folder},{public_keys}"),
            });
            merge(&mut all, properties);
            let mut record = json!({
                "Properties": all, "Aces": aces, "ObjectIdentifier": id, "IsDeleted": false, "IsACLProtected": false,
                "ContainedBy": null,
            });
            merge(&mut record, more);
            record
        };
        let admins = || ace(&realm.account(rid::ENTERPRISE_ADMINS), RelationKind::Owns, false);

        let templates = (0..TEMPLATES).map(|number| {
            let enroller = &enrollers[number as usize % enrollers.len()];
            let mut aces = vec![admins(), ace_of(enroller, RelationKind::Enroll, false)];
            if number % MISTAKE_EVERY == 5 {
                aces.push(ace_of(enroller, RelationKind::GenericWrite, false));
            }
            let name = format!("Template{number:02}");
            record(
                guid(100 + number),
                &name,
                "CERTIFICATE TEMPLATES",
                template(number),
                aces,
                json!({}),
            )
        });
        let authorities = (0..).zip(hosts).map(|(number, host)| {
            let everybody = format!("{}-S-1-5-11", realm.fqdn);
            let aces = vec![admins(), ace(&everybody, RelationKind::Enroll, false)];
            let published: Vec<_> = (0..TEMPLATES)
                .filter(|template| template % AUTHORITIES as u64 == number)
                .map(|template| Principal::new(guid(100 + template), NodeKind::CertTemplate))
                .collect();
            let collected = |value: Value| json!({ "Collected": true, "FailureReason": null, "Value": value });
            let more = json!({
                "HostingComputer": host,
                "CARegistryData": {
                    "CASecurity": { "Data": aces.clone(), "Collected": true, "FailureReason": null },
                    "EnrollmentAgentRestrictions": { "Restrictions": [], "Collected": true, "FailureReason": null },
                    "IsUserSpecifiesSanEnabled": collected(json!(number == 0)),
                    "RoleSeparationEnabled": collected(json!(false)),
                },
                "EnabledCertTemplates": published,
            });
            let properties = json!({
                "caname": format!("Issuing {number}"), "certthumbprint": issuing(number),
                "certchain": [issuing(number), root.clone()],
                "casecuritycollected": true, "isuserspecifiessanenabledcollected": true,
                "enrollmentagentrestrictionscollected": true,
            });
            let id = guid(10 + number);
            record(
                id,
                &format!("Issuing {number}"),
                "ENROLLMENT SERVICES",
                properties,
                aces,
                more,
            )
        });
        let (templates, authorities) = (templates.collect(), authorities.collect());
        let of_domain = json!({ "DomainSID": realm.sid });
        let trusted: Vec<_> = (0..AUTHORITIES as u64).map(issuing).collect();
        Self {
            templates,
            authorities,
            roots: vec![record(
                guid(1),
                "Root",
                "CERTIFICATION AUTHORITIES",
                json!({ "certthumbprint": root, "certchain": [root] }),
                vec![admins()],
                of_domain.clone(),
            )],
            stores: vec![record(
                guid(2),
                "NTAuthCertificates",
                "STORES",
                json!({ "certthumbprints": trusted }),
                vec![admins()],
                of_domain,
            )],
        }
    }
}

/// Properties of template `number`: one in [`MISTAKE_EVERY`] has each of the mistakes, the others are ordinary.
fn template(number: u64) -> Value {
    let mistake = number % MISTAKE_EVERY;
    let purposes = match mistake {
        2 => vec![ENROLMENT_AGENT],
        3 => vec![ANY_PURPOSE],
        4 => vec![SERVER_AUTHENTICATION],
        _ => vec![CLIENT_AUTHENTICATION],
    };
    json!({
        "schemaversion": if mistake == 4 { 1 } else { 2 },
        "requiresmanagerapproval": number % 7 == 3,
        "authorizedsignatures": u64::from(number % 11 == 5),
        "authenticationenabled": mistake != 2 && mistake != 4,
        "schannelauthenticationenabled": mistake != 2 && mistake != 4,
        "enrolleesuppliessubject": mistake == 0 || mistake == 4,
        "nosecurityextension": mistake == 1,
        "subjectaltrequireupn": mistake != 0,
        "subjectaltrequiredns": false,
        "effectiveekus": purposes,
        "applicationpolicies": [],
        "certificatepolicy": [],
        "oid": format!("1.3.6.1.4.1.311.21.8.{number}"),
    })
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
