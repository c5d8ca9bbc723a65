//! Forests, and how the domain controllers of each map certificates to accounts.
//!
//! A certificate issued anywhere in a forest can be shown to any domain controller of it, so one that checks less than
//! the others decides for all. The two settings are those of Microsoft's KB5014754.

use std::collections::{BTreeMap, VecDeque};

use postern_model::RelationKind;
use postern_model::estate::{Node, NodeIndex, Relation};

use crate::fact::Fact;
use crate::view::View;

/// Bit of `CertificateMappingMethods`: the user principal name in a certificate says whose it is.
const MAPS_BY_UPN: i64 = 0x4;

/// A registry value that is not there.
const NOT_SET: i64 = -1;

/// Domains that trusts inside a forest join, with their domain controllers.
pub struct Forests<'v, 'a> {
    view: &'v View<'a>,
    /// Trusts inside forests from either of their ends, in order.
    trusts: BTreeMap<NodeIndex, Vec<(NodeIndex, &'a Relation)>>,
    /// Domain controllers that can log on anybody, by domain and in order.
    controllers: BTreeMap<NodeIndex, Vec<&'a Relation>>,
}

impl<'v, 'a> Forests<'v, 'a> {
    pub fn of(view: &'v View<'a>) -> Self {
        let mut trusts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for &trust in view.relations(RelationKind::SameForestTrust) {
            trusts.entry(trust.source).or_default().push((trust.target, trust));
            trusts.entry(trust.target).or_default().push((trust.source, trust));
        }
        let mut controllers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for &relation in view.relations(RelationKind::DcFor) {
            let controller = view.node(relation.source);
            // A read-only one keeps the secrets of some accounts, and asks another about the rest.
            let is_asked =
                !controller.is_unusable_account(view.world.now) && controller.attributes.is_read_only_dc != Some(true);
            if is_asked {
                controllers.entry(relation.target).or_default().push(relation);
            }
        }
        Self {
            view,
            trusts,
            controllers,
        }
    }

    /// Why a domain controller in the forest of `domain` takes whoever a certificate names as user principal for its
    /// owner. Without the registry value none does, since the update of May 2022.
    pub fn maps_by_upn(&self, domain: NodeIndex) -> Option<Vec<Fact>> {
        self.first_controller(domain, |controller| {
            let methods = controller.attributes.host.as_deref()?.certificate_mapping_methods?;
            let is_mapping = methods != NOT_SET && methods & MAPS_BY_UPN != 0;
            is_mapping.then(|| {
                let text = "maps certificates to accounts by the user principal name that they hold";
                self.view
                    .property_fact(controller, "certificatemappingmethodsraw", &methods.to_string(), text)
            })
        })
    }

    /// Why a domain controller in the forest of `domain` logs on with a certificate that does not hold the account's
    /// SID. One whose registry value is looked for and not there is told last: it does so until the update of February
    /// 2025, which nobody looked for.
    pub fn binds_weakly(&self, domain: NodeIndex) -> Option<Vec<Fact>> {
        const NAME: &str = "strongcertificatebindingenforcementraw";
        const COMPATIBILITY: i64 = 1;
        let binding = |controller: &Node| controller.attributes.host.as_deref()?.strong_certificate_binding;
        let configured = self.first_controller(domain, |controller| {
            let value = binding(controller)?;
            (0..=COMPATIBILITY).contains(&value).then(|| {
                let text = "logs on with certificates that do not hold the account's SID";
                self.view.property_fact(controller, NAME, &value.to_string(), text)
            })
        });
        configured.or_else(|| {
            self.first_controller(domain, |controller| {
                (binding(controller)? == NOT_SET).then(|| {
                    let text = "logs on with certificates that do not hold the account's SID, as it is not told \
                                otherwise; with the updates of February 2025 it no longer does";
                    Fact::product_default(controller, NAME, &COMPATIBILITY.to_string(), text)
                })
            })
        })
    }

    /// The trusts that join two domains in one forest; none for a domain and itself.
    pub fn joined_by(&self, domain: NodeIndex, other: NodeIndex) -> Option<Vec<Fact>> {
        self.nearest(domain, |at| (at == other).then(Vec::new))
    }

    /// The nearest domain controller in the forest of `domain` of which something is so: the trusts that lead to its
    /// domain, whose controller it is, and what is so.
    fn first_controller(&self, domain: NodeIndex, is_so: impl Fn(&Node) -> Option<Fact>) -> Option<Vec<Fact>> {
        self.nearest(domain, |at| {
            let mut controllers = self.controllers.get(&at).into_iter().flatten();
            controllers.find_map(|relation| {
                let fact = is_so(self.view.node(relation.source))?;
                Some(vec![self.view.relation_fact(relation), fact])
            })
        })
    }

    /// The trusts that lead to the nearest domain of which something is so, and why it is so.
    fn nearest(&self, domain: NodeIndex, is_so: impl Fn(NodeIndex) -> Option<Vec<Fact>>) -> Option<Vec<Fact>> {
        let mut came_by: BTreeMap<NodeIndex, Option<(NodeIndex, &Relation)>> = BTreeMap::from([(domain, None)]);
        let mut waiting = VecDeque::from([domain]);
        while let Some(at) = waiting.pop_front() {
            if let Some(facts) = is_so(at) {
                let mut trusts = Vec::new();
                let mut back = at;
                while let Some(Some((before, trust))) = came_by.get(&back) {
                    trusts.push(self.view.relation_fact(trust));
                    back = *before;
                }
                trusts.reverse();
                trusts.extend(facts);
                return Some(trusts);
            }
            for &(next, trust) in self.trusts.get(&at).into_iter().flatten() {
                came_by.entry(next).or_insert_with(|| {
                    waiting.push_back(next);
                    Some((at, trust))
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use postern_model::NodeKind;
    use postern_model::estate::HostAttributes;

    use super::*;
    use crate::testing::{DOMAIN, Sketch};
    use crate::world::Removal;

    /// A domain controller with its two registry values.
    fn controller(sketch: &mut Sketch, key: &str, domain: &str, mapping: Option<i64>, binding: Option<i64>) {
        sketch.computer(key).edit(key, |it| {
            it.host = Some(Box::new(HostAttributes {
                certificate_mapping_methods: mapping,
                strong_certificate_binding: binding,
                ..HostAttributes::default()
            }));
        });
        sketch.relate(key, RelationKind::DcFor, domain);
    }

    fn ask(sketch: &Sketch, domain: &str) -> (Option<Vec<String>>, Option<Vec<String>>) {
        let built = sketch.build();
        let (world, removal) = (built.world(), Removal::default());
        let view = View::new(&world, &removal);
        let forests = Forests::of(&view);
        let domain = built.index(domain);
        let texts = |facts: Vec<Fact>| facts.iter().map(|fact| fact.text(&built.estate)).collect();
        (
            forests.maps_by_upn(domain).map(texts),
            forests.binds_weakly(domain).map(texts),
        )
    }

    #[test]
    fn names_map_where_the_bit_is_set_and_never_by_default() {
        for (methods, is_mapping) in [
            (Some(4), true),
            (Some(31), true),
            (Some(-1), false),
            (Some(0x18), false),
            (Some(0), false),
            (None, false),
        ] {
            let mut sketch = Sketch::domain();
            controller(&mut sketch, "DC", DOMAIN, methods, None);
            let (names, weakly) = ask(&sketch, DOMAIN);
            assert_eq!((names.is_some(), weakly), (is_mapping, None), "{methods:?}");
        }
    }

    #[test]
    fn binding_is_weak_until_it_is_enforced_and_an_unset_value_is_a_default() {
        for (value, is_weak, is_default) in [
            (Some(0), true, false),
            (Some(1), true, false),
            (Some(-1), true, true),
            (Some(2), false, false),
            (Some(3), false, false),
            (None, false, false),
        ] {
            let mut sketch = Sketch::domain();
            controller(&mut sketch, "DC", DOMAIN, None, value);
            let (names, weakly) = ask(&sketch, DOMAIN);
            let told = weakly.as_ref().and_then(|facts| facts.last());
            let is_told_so = told.is_some_and(|it| it.starts_with("default assumed: "));
            assert_eq!(
                (names, weakly.is_some(), is_told_so),
                (None, is_weak, is_default),
                "{value:?}"
            );
        }
    }

    #[test]
    fn what_is_configured_is_told_before_a_default() {
        let mut sketch = Sketch::domain();
        controller(&mut sketch, "DC1", DOMAIN, None, Some(-1));
        controller(&mut sketch, "DC2", DOMAIN, None, Some(0));
        let (_, weakly) = ask(&sketch, DOMAIN);
        let facts = weakly.expect("two are weak");
        assert!(facts[1].starts_with("DC2 "), "{facts:?}");
    }

    #[test]
    fn any_domain_controller_of_the_forest_counts_and_none_of_another() {
        let mut sketch = Sketch::domain();
        for domain in ["CHILD", "GRANDCHILD", "FOREIGN"] {
            sketch.node(domain, NodeKind::Domain, |_| {});
        }
        sketch
            .relate("CHILD", RelationKind::SameForestTrust, DOMAIN)
            .relate("CHILD", RelationKind::SameForestTrust, "GRANDCHILD")
            .relate("FOREIGN", RelationKind::CrossForestTrust, DOMAIN);
        controller(&mut sketch, "DC", "GRANDCHILD", Some(4), Some(1));
        let (names, weakly) = ask(&sketch, DOMAIN);
        // Two trusts, whose controller it is, and the setting.
        assert_eq!(
            (names.map(|it| it.len()), weakly.map(|it| it.len())),
            (Some(4), Some(4))
        );
        assert_eq!(ask(&sketch, "FOREIGN"), (None, None));
    }

    #[test]
    fn a_domain_controller_that_logs_nobody_on_does_not_count() {
        for spoil in [
            (|it| it.enabled = Some(false)) as fn(&mut postern_model::estate::Attributes),
            |it| it.is_read_only_dc = Some(true),
        ] {
            let mut sketch = Sketch::domain();
            controller(&mut sketch, "DC", DOMAIN, Some(4), Some(1));
            sketch.edit("DC", spoil);
            assert_eq!(ask(&sketch, DOMAIN), (None, None));
        }
    }
}
