//! What was planted, told for people, with what has to become of it in each week.
//!
//! **Invariant:** a story says nothing that a test of the engine does not check.

use super::company::{Company, WORKS_SID};
use super::{SITE, WEEKS, scan, tenant, week};
use crate::organisation::FOREST_SID;

/// A planted chain of facts, or something that only looks like one.
#[derive(Clone, Debug)]
pub struct Story {
    pub id: &'static str,
    pub title: &'static str,
    /// A paragraph: what is wrong, and how it came about.
    pub text: &'static str,
    pub entry: Place,
    pub target: Place,
    /// What there is to see in each week's generation.
    pub weeks: [State; WEEKS as usize],
}

/// An asset, an assumed entry point or a control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `paths --from` and `--to` take it.
    pub id: String,
    pub name: String,
}

/// What the generation of a week says of the pair of entry and target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No path, and there never was one.
    Nothing,
    New,
    Active,
    Reopened,
    Resolved,
    Unconfirmed,
    /// No path: the entry point lies inside a target.
    Exposed,
}

impl State {
    /// The word of Postern for a path's status.
    pub fn status(self) -> Option<&'static str> {
        match self {
            Self::Nothing | Self::Exposed => None,
            Self::New => Some("new"),
            Self::Active => Some("active"),
            Self::Reopened => Some("reopened"),
            Self::Resolved => Some("resolved"),
            Self::Unconfirmed => Some("unconfirmed"),
        }
    }

    /// There is something to be worried about.
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Active | Self::Reopened | Self::Exposed)
    }
}

impl Story {
    pub fn is_open_now(&self) -> bool {
        self.weeks.last().is_some_and(|state| state.is_open())
    }

    /// The number of the first week in which it is open, if it ever is.
    pub fn begins(&self) -> Option<u64> {
        (1..)
            .zip(self.weeks)
            .find(|(_, state)| state.is_open())
            .map(|(number, _)| number)
    }

    /// The number of the first week, after it has begun, in which it is not open, if there is one.
    pub fn ends(&self) -> Option<u64> {
        let mut weeks = (1..).zip(self.weeks).skip_while(|(_, state)| !state.is_open());
        weeks.find(|(_, state)| !state.is_open()).map(|(number, _)| number)
    }
}

/// Where a story begins or ends, before it has an id.
#[derive(Clone, Copy)]
enum Spot {
    /// An account, or a computer of the head office.
    Principal(&'static str),
    UsersOfHeadOffice,
    UsersOfWorks,
    Gateway,
    Forest,
    Tenant,
    Vault,
}

impl Spot {
    fn place(self, company: &Company) -> Place {
        let (id, name) = match self {
            Self::Principal(name) => (company.sid_of(name), name.to_owned()),
            Self::UsersOfHeadOffice => (
                format!("entry:users:{FOREST_SID}"),
                "any user of ALDERMOOR.EXAMPLE".to_owned(),
            ),
            Self::UsersOfWorks => (
                format!("entry:users:{WORKS_SID}"),
                "any user of WORKS.ALDERMOOR.EXAMPLE".to_owned(),
            ),
            Self::Gateway => (
                format!("host:{SITE}:{}", scan::GATEWAY_ADDRESS),
                scan::GATEWAY_NAME.to_owned(),
            ),
            Self::Forest => (
                format!("plane:forest:{FOREST_SID}"),
                "control of the forest ALDERMOOR.EXAMPLE".to_owned(),
            ),
            Self::Tenant => (
                format!("plane:tenant:{}", tenant::TENANT_ID),
                "control of the tenant Aldermoor Water".to_owned(),
            ),
            Self::Vault => (tenant::vault_id(), tenant::VAULT.to_owned()),
        };
        Place { id, name }
    }
}

/// All stories, in the order in which a tour tells them.
pub fn stories() -> Vec<Story> {
    // Of the last week, as that has everybody who ever was there.
    let company = Company::in_week(week(WEEKS));
    let story = |id, title, entry: Spot, target: Spot, weeks, text| Story {
        id,
        title,
        text,
        entry: entry.place(&company),
        target: target.place(&company),
        weeks,
    };
    use Spot::*;
    use State::*;
    let all_along = [New, Active, Active, Active, Active];
    let never = [Nothing; WEEKS as usize];
    vec![
        story(
            "everyone-administers-a-workstation",
            "Every user of the works administers one workstation",
            UsersOfWorks,
            Forest,
            all_along,
            "Somebody made Domain Users a local administrator of WK-WS07, so that a program would run. A domain admin \
             of the head office, adm.okafor, works there when at the works. Whoever has any account of the works can \
             take that session's credentials and with them the forest.",
        ),
        story(
            "help-desk-owns-server-admins",
            "The help desk has full control of the server administrators",
            Principal("lena.brandt"),
            Forest,
            all_along,
            "Help Desk holds full control of the group Server Admins. A trainee's account, lena.brandt, needs no \
             Kerberos pre-authentication, so its password can be guessed offline. From Help Desk one joins Server \
             Admins, administers FILES01, and finds the session of svc_backup there, which is a domain admin.",
        ),
        story(
            "help-desk-resets-a-service-account",
            "The help desk can reset a service account's password",
            Principal("lena.brandt"),
            Principal("BILL01"),
            all_along,
            "Help Desk may reset the password of svc_deploy, which installs software and administers the billing \
             server.",
        ),
        story(
            "backup-operator-with-a-service-name",
            "A backup operator's password can be guessed from a ticket",
            Principal("svc_veeam"),
            Forest,
            [Exposed; WEEKS as usize],
            "svc_veeam is a Backup Operator, and so part of the control plane. It has a service name and a password \
             of four years: any account of the domain may ask for a ticket and guess it offline. Where an entry point \
             lies inside a target there is no path to draw; it stands under exposed critical assets.",
        ),
        story(
            "rollout-owns-an-ou",
            "A deployment account controls an organisational unit",
            Principal("svc_rollout"),
            Principal("SQLPAY01"),
            all_along,
            "Server Rollout was given full control of the unit Payroll Servers for a migration that is long over. Its \
             member svc_rollout has a service name and an old password. Full control of the unit is control of the \
             payroll database in it.",
        ),
        story(
            "anyone-edits-a-policy",
            "Any user may edit a group policy",
            UsersOfHeadOffice,
            Principal("LIMS01"),
            [Nothing, Nothing, New, Active, Active],
            "In the third week Domain Users were given write access to the policy Laboratory Workstations. It is \
             linked to the unit in which the laboratory's information system lies, so every user can run commands \
             there.",
        ),
        story(
            "internet-to-the-customer-database",
            "From the Internet to the customer database",
            Principal("PORTAL01"),
            Principal("SQLCUST01"),
            [Nothing, New, Active, Active, Active],
            "Since the second week the portal has run a component with a weakness that is known to be exploited. \
             Behind it, the firewall lets file sharing through to LEGACY01, which was never updated and where a \
             database administrator, adm.castell, is logged on. That account administers the customer database.",
        ),
        story(
            "print-server-collects-tickets",
            "A print server with unconstrained delegation",
            Principal("svc_print"),
            Forest,
            all_along,
            "PRINT01 may act as whoever connects to it. svc_print, with a password of six years, administers it: it \
             can make a domain controller connect, and keep the controller's ticket.",
        ),
        story(
            "works-reaches-the-historian",
            "An account of the works administers a server of the head office",
            Principal("svc_telemetry"),
            Principal("HIST01"),
            all_along,
            "Telemetry Operators, a group of WORKS.ALDERMOOR.EXAMPLE, are local administrators of the treatment \
             plant's historian in ALDERMOOR.EXAMPLE. The trust lets them in; svc_telemetry's password is five years \
             old.",
        ),
        story(
            "crm-right-taken-back",
            "A right that was taken back",
            Principal("svc_crm"),
            Principal("CRM01"),
            [New, Active, Resolved, Resolved, Resolved],
            "svc_crm had full control of CRM Admins, who administer the customer relations server. In the third week \
             the right was gone, and the group's access list had been read again: resolved.",
        ),
        story(
            "integration-bus-restored-from-backup",
            "A weakness that came back",
            Gateway,
            Principal("ESB01"),
            [New, Active, Resolved, Reopened, Active],
            "The gateway for remote maintenance is open to the Internet and can be taken over. Behind it ESB01 shared \
             files in a way that can be exploited. In the third week it was updated; in the fourth it was restored \
             from an old backup, and the path was back.",
        ),
        story(
            "payroll-admin-no-longer-seen",
            "A session that nobody sees any more",
            Principal("kiosk.reception"),
            Principal("PENSION01"),
            [New, Active, Active, Active, Unconfirmed],
            "The reception's account, which needs no pre-authentication, administers AW-RECEPTION01, where the \
             payroll administrator was logged on, who also administers PENSION01. Since the third week the computer \
             has not answered. When the last sighting was older than 14 days the path went; but nobody has seen a \
             fix, so it is unconfirmed.",
        ),
        story(
            "new-chat-bot",
            "A new account with too much",
            Principal("svc_chatbot"),
            Principal("SQLCUST01"),
            [Nothing, Nothing, Nothing, Nothing, New],
            "This week a chat bot was tried out. Its account has a service name and administers the customer database.",
        ),
        story(
            "web-shop-exposed",
            "The web shop itself is exposed",
            Principal("SHOP01"),
            Principal("SHOP01"),
            [Nothing, Nothing, Nothing, Exposed, Exposed],
            "Since the fourth week the customer web shop runs the portal's vulnerable component, open to the \
             Internet. It is critical itself, so it stands under exposed critical assets.",
        ),
        story(
            "help-desk-resets-a-cloud-administrator",
            "A password of the directory opens the tenant",
            Principal("lena.brandt"),
            Tenant,
            all_along,
            "ottilie.frey gives out roles in the Entra tenant with an everyday account, which is synchronised. Help \
             Desk may reset its password in the directory, and the new password is good for the cloud as well.",
        ),
        story(
            "developer-owns-an-application",
            "A developer owns an application that gives out roles",
            Principal("piet.janssen"),
            Tenant,
            all_along,
            "piet.janssen's account needs no Kerberos pre-authentication, since he tried an old tool. In the cloud he \
             owns the application Billing Sync, so he may add a secret to it and sign in as it, and the application \
             may give any role of the tenant to anybody.",
        ),
        story(
            "machine-reads-the-vault",
            "A virtual machine may read the billing secrets",
            Principal("lena.brandt"),
            Vault,
            all_along,
            "Cloud Operators may run commands on the virtual machine vm-billing-01, whose identity may read the \
             secrets of the vault kv-billing. ute.sandoval, the group's only member, is synchronised, and Help Desk \
             may reset the password.",
        ),
        story(
            "disabled-help-desk-account",
            "Looks like a path: a disabled account",
            Principal("mara.quill"),
            Forest,
            never,
            "mara.quill may reset the password of old.helpdesk, which has full control of Server Admins. But the \
             account is disabled, and nobody can log on with it.",
        ),
        story(
            "remote-desktop-is-not-administration",
            "Looks like a path: remote desktop without administration",
            Principal("noor.haddad"),
            Forest,
            never,
            "noor.haddad may use remote desktop on JUMP02, where the domain admin adm.okafor is logged on. Another \
             user's credentials are safe from somebody who does not administer the server.",
        ),
        story(
            "firewall-holds",
            "Looks like a path: a weakness behind a closed port",
            Principal("della.marsh"),
            Principal("HIST01"),
            never,
            "della.marsh administers an office computer, and remote desktop on the historian can be exploited. The \
             firewall lets only web traffic through from the office to the treatment plant.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_tells_every_story_as_it_is() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/demo.md");
        let document = std::fs::read_to_string(path).unwrap();
        let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| [")).collect();
        let stories = stories();
        assert_eq!(rows.len(), stories.len());
        for (row, story) in rows.iter().zip(&stories) {
            let states: Vec<_> = story
                .weeks
                .iter()
                .map(|state| match state {
                    State::Nothing => "–",
                    State::Exposed => "exposed",
                    other => other.status().unwrap_or_default(),
                })
                .collect();
            assert!(
                row.starts_with(&format!("| [{}](#{}) |", story.title, story.id)),
                "{row}"
            );
            assert!(row.ends_with(&format!("| {} |", states.join(" | "))), "{row}");
            let words: Vec<&str> = document.split_whitespace().collect();
            let text: Vec<&str> = story.text.split_whitespace().collect();
            assert!(words.windows(text.len()).any(|it| it == text), "{}", story.id);
        }
    }
}
