//! The search against the brute force, and the laws that hold between searches.

use fixedbitset::FixedBitSet;

use super::naive::{self, Match};
use super::*;
use crate::csr::Edge;

/// Generated graphs with their patterns.
const CASES: u64 = 12_000;

/// A generator of small numbers: splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % u64::from(end)) as u32
    }

    /// True once in `of` times.
    fn one_in(&mut self, of: u32) -> bool {
        self.below(of) == 0
    }

    fn bits(&mut self, count: u32) -> FixedBitSet {
        let mut bits = FixedBitSet::with_capacity(count as usize);
        bits.extend((0..count as usize).filter(|_| !self.one_in(3)));
        bits
    }

    fn allowed(&mut self, count: u32) -> Allowed {
        match self.below(4) {
            0 => Allowed::Bits(self.bits(count)),
            1 if count > 0 => {
                let (left, right) = (self.below(count + 1), self.below(count + 1));
                Allowed::Range(left.min(right)..left.max(right))
            }
            _ => Allowed::All,
        }
    }
}

#[derive(Debug, Clone)]
struct Case {
    node_count: u32,
    edges: Vec<Edge>,
    pattern: Pattern,
}

impl Case {
    fn draw(dice: &mut Dice) -> Case {
        let node_count = 1 + dice.below(5);
        let edge_count = dice.below(8);
        let edges: Vec<Edge> = (0..edge_count)
            .map(|_| Edge {
                source: dice.below(node_count),
                target: dice.below(node_count),
                cost: 1,
            })
            .collect();
        let variables = 1 + dice.below(4) as usize;
        let nodes = (0..variables)
            .map(|_| NodeVariable {
                allowed: dice.allowed(node_count),
            })
            .collect();
        let mut edge_variables = Vec::new();
        let edge_variable = |left: usize, right: usize, dice: &mut Dice| {
            let length = dice.one_in(2).then(|| {
                let min = dice.below(3);
                Length {
                    min,
                    max: min + dice.below(3),
                }
            });
            let is_walk = length.is_some();
            EdgeVariable {
                left,
                right,
                direction: [Direction::Right, Direction::Left, Direction::Both][dice.below(3) as usize],
                length,
                allowed: dice.allowed(edge_count),
                inner: if is_walk {
                    dice.allowed(node_count)
                } else {
                    Allowed::All
                },
                any_edges: if is_walk && dice.one_in(6) {
                    vec![dice.bits(edge_count)]
                } else {
                    Vec::new()
                },
                any_inner: if is_walk && dice.one_in(6) {
                    vec![dice.bits(node_count)]
                } else {
                    Vec::new()
                },
            }
        };
        for right in 1..variables {
            // Mostly chains, sometimes stars.
            let left = if dice.one_in(3) {
                dice.below(right as u32) as usize
            } else {
                right - 1
            };
            let (left, right) = if dice.one_in(4) { (right, left) } else { (left, right) };
            edge_variables.push(edge_variable(left, right, dice));
        }
        if dice.one_in(4) {
            let (left, right) = (
                dice.below(variables as u32) as usize,
                dice.below(variables as u32) as usize,
            );
            edge_variables.push(edge_variable(left, right, dice));
        }
        Case {
            node_count,
            edges,
            pattern: Pattern {
                nodes,
                edges: edge_variables,
                cycles: [Cycles::All, Cycles::UniqueEdges, Cycles::None][dice.below(3) as usize],
            },
        }
    }

    fn graph(&self) -> Csr {
        Csr::from_edges(self.node_count, &self.edges).unwrap()
    }

    fn naive(&self) -> Option<Vec<Match>> {
        naive::all(self.node_count, &self.edges, &self.pattern)
    }

    /// All matches, sorted.
    fn found(&self) -> Vec<Match> {
        let (mut matches, outcome) = self.found_within(&[], |_, _| true, Budget::default());
        assert_eq!(outcome.stopped, None);
        assert_eq!(outcome.matches, matches.len() as u64);
        matches.sort();
        matches
    }

    fn found_within(
        &self,
        filters: &[Filter],
        admits: impl FnMut(usize, &Found<'_>) -> bool,
        budget: Budget,
    ) -> (Vec<Match>, Outcome) {
        let mut keeper = Keeper {
            matches: Vec::new(),
            admits,
        };
        let outcome = find(&self.graph(), &self.pattern, filters, budget, &mut keeper).unwrap();
        (keeper.matches, outcome)
    }
}

struct Keeper<F> {
    matches: Vec<Match>,
    admits: F,
}

impl<F: FnMut(usize, &Found<'_>) -> bool> Watch for Keeper<F> {
    fn admits(&mut self, filter: usize, found: &Found<'_>) -> bool {
        (self.admits)(filter, found)
    }

    fn take(&mut self, matches: &Matches) -> bool {
        self.matches.extend(rows(matches));
        true
    }
}

fn rows(matches: &Matches) -> Vec<Match> {
    let of = |column: &EdgeColumn, row: usize| match column {
        EdgeColumn::One(edges) => (vec![edges[row]], Vec::new()),
        EdgeColumn::Walk(paths) => (paths.edges_of(row).to_vec(), paths.inner_of(row).to_vec()),
    };
    (0..matches.len)
        .map(|row| {
            let nodes = matches.nodes.iter().map(|column| column[row]).collect();
            (nodes, matches.edges.iter().map(|column| of(column, row)).collect())
        })
        .collect()
}

/// Runs `judge` on generated cases with their matches by brute force.
fn on_cases(seed: u64, count: u64, mut judge: impl FnMut(&mut Dice, &Case, &[Match])) {
    let mut judged = 0;
    let mut with_matches = 0;
    let mut dice = Dice(seed);
    while judged < count {
        let case = Case::draw(&mut dice);
        let Some(naive) = case.naive() else { continue };
        judged += 1;
        with_matches += u64::from(!naive.is_empty());
        judge(&mut dice, &case, &naive);
    }
    assert!(
        with_matches * 3 > count,
        "only {with_matches} of {count} cases have a match"
    );
}

#[test]
fn the_search_finds_what_brute_force_finds() {
    on_cases(1, CASES, |_, case, naive| assert_eq!(case.found(), naive, "{case:?}"));
}

/// Whether each match of `part` is in `whole`, as often; both are sorted.
fn is_part(part: &[Match], whole: &[Match]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|one| rest.any(|other| other == one))
}

fn sorted(mut matches: Vec<Match>) -> Vec<Match> {
    matches.sort();
    matches
}

#[test]
fn what_forbids_more_finds_less() {
    on_cases(2, 3_000, |_, case, _| {
        let [all, unique, none] = [Cycles::All, Cycles::UniqueEdges, Cycles::None].map(|cycles| {
            let mut case = case.clone();
            case.pattern.cycles = cycles;
            case.found()
        });
        assert!(is_part(&none, &unique) && is_part(&unique, &all), "{case:?}");
    });
}

#[test]
fn turning_all_edges_and_all_directions_changes_nothing() {
    on_cases(3, 3_000, |_, case, naive| {
        let mut turned = case.clone();
        for edge in &mut turned.edges {
            (edge.source, edge.target) = (edge.target, edge.source);
        }
        for edge in &mut turned.pattern.edges {
            edge.direction = match edge.direction {
                Direction::Right => Direction::Left,
                Direction::Left => Direction::Right,
                Direction::Both => Direction::Both,
            };
        }
        assert_eq!(turned.found(), naive, "{case:?}");
    });
}

#[test]
fn a_variable_read_from_its_other_end_gives_its_walks_backwards() {
    on_cases(4, 3_000, |_, case, naive| {
        let mut turned = case.clone();
        for edge in &mut turned.pattern.edges {
            (edge.left, edge.right) = (edge.right, edge.left);
            edge.direction = match edge.direction {
                Direction::Right => Direction::Left,
                Direction::Left => Direction::Right,
                Direction::Both => Direction::Both,
            };
        }
        let mut found = turned.found();
        for (edges, inner) in found.iter_mut().flat_map(|(_, walks)| walks) {
            edges.reverse();
            inner.reverse();
        }
        assert_eq!(sorted(found), naive, "{case:?}");
    });
}

#[test]
fn a_walk_of_one_edge_is_an_edge() {
    on_cases(5, 2_000, |_, case, _| {
        let with_length = |length: Option<Length>| {
            let mut case = case.clone();
            for edge in &mut case.pattern.edges {
                edge.length = length;
                edge.any_inner.clear();
                edge.any_edges.clear();
            }
            case.found()
        };
        assert_eq!(
            with_length(None),
            with_length(Some(Length { min: 1, max: 1 })),
            "{case:?}"
        );
    });
}

#[test]
fn a_further_edge_takes_no_match_away() {
    on_cases(6, 2_000, |dice, case, naive| {
        let mut more = case.clone();
        more.edges.push(Edge {
            source: dice.below(case.node_count),
            target: dice.below(case.node_count),
            cost: 1,
        });
        assert!(is_part(naive, &more.found()), "{case:?}");
    });
}

#[test]
fn a_budget_takes_matches_away_and_says_so() {
    let mut stopped = 0;
    on_cases(7, 3_000, |dice, case, naive| {
        let limit = u64::from(dice.below(30));
        let by_matches = Budget {
            matches_max: limit,
            ..Budget::default()
        };
        let (found, outcome) = case.found_within(&[], |_, _| true, by_matches);
        assert_eq!(found.len(), naive.len().min(limit as usize), "{case:?}");
        let is_short = naive.len() as u64 > limit;
        assert_eq!(outcome.stopped, is_short.then_some(Stop::Matches), "{case:?}");
        assert!(is_part(&sorted(found), naive), "{case:?}");

        let by_visits = Budget {
            visited_max: limit,
            ..Budget::default()
        };
        let (found, outcome) = case.found_within(&[], |_, _| true, by_visits);
        assert!(is_part(&sorted(found.clone()), naive), "{case:?}");
        assert!(
            found.len() == naive.len() || outcome.stopped == Some(Stop::Visited),
            "{case:?}"
        );
        stopped += u32::from(outcome.stopped.is_some());
    });
    assert!(stopped > 500, "only {stopped} searches were stopped");
}

#[test]
fn memory_and_the_caller_stop_a_search() {
    let case = star();
    let budget = Budget {
        bytes_max: 1,
        ..Budget::default()
    };
    let (found, outcome) = case.found_within(&[], |_, _| true, budget);
    assert_eq!((found.len(), outcome.stopped), (0, Some(Stop::Memory)));

    struct Impatient;
    impl Watch for Impatient {
        fn take(&mut self, _: &Matches) -> bool {
            false
        }
    }
    let outcome = find(&case.graph(), &case.pattern, &[], Budget::default(), &mut Impatient).unwrap();
    assert_eq!(outcome.stopped, Some(Stop::Taken));

    struct Busy;
    impl Watch for Busy {
        fn take(&mut self, _: &Matches) -> bool {
            true
        }
        fn is_cancelled(&mut self) -> bool {
            true
        }
    }
    let outcome = find(&case.graph(), &case.pattern, &[], Budget::default(), &mut Busy).unwrap();
    assert_eq!(outcome.stopped, Some(Stop::Cancelled));
}

/// 200 nodes that all lead to the next, and walks of up to 3 edges between them.
fn star() -> Case {
    let edges = (0..200u32).flat_map(|source| {
        (1..30u32).map(move |step| Edge {
            source,
            target: (source + step) % 200,
            cost: 1,
        })
    });
    Case {
        node_count: 200,
        edges: edges.collect(),
        pattern: Pattern {
            nodes: vec![NodeVariable::default(), NodeVariable::default()],
            edges: vec![EdgeVariable {
                left: 0,
                right: 1,
                length: Some(Length { min: 1, max: 3 }),
                ..EdgeVariable::default()
            }],
            cycles: Cycles::UniqueEdges,
        },
    }
}

#[test]
fn a_filter_leaves_the_matches_that_satisfy_it() {
    on_cases(8, 3_000, |dice, case, naive| {
        let nodes = case.pattern.nodes.len() as u32;
        let (left, right) = (dice.below(nodes) as usize, dice.below(nodes) as usize);
        let walk = case.pattern.edges.len().checked_sub(1);
        let filters = [
            Filter {
                nodes: vec![left, right],
                edges: Vec::new(),
            },
            Filter {
                nodes: Vec::new(),
                edges: walk.into_iter().collect(),
            },
        ];
        let is_walk = |edge: usize| case.pattern.edges[edge].length.is_some();
        let admits = |filter: usize, found: &Found<'_>| match (filter, walk) {
            (0, _) => found.node(left) <= found.node(right),
            (_, None) => true,
            (_, Some(walk)) if is_walk(walk) => {
                let (mut edges, mut inner) = (Vec::new(), Vec::new());
                found.walk(walk, &mut edges, &mut inner);
                edges.is_sorted() && inner.is_sorted()
            }
            (_, Some(walk)) => found.edge(walk).is_multiple_of(2),
        };
        let wanted: Vec<Match> = naive
            .iter()
            .filter(|(nodes, walks)| {
                let edges_fit = walk.is_none_or(|walk| {
                    let (edges, inner) = &walks[walk];
                    match is_walk(walk) {
                        true => edges.is_sorted() && inner.is_sorted(),
                        false => edges[0].is_multiple_of(2),
                    }
                });
                nodes[left] <= nodes[right] && edges_fit
            })
            .cloned()
            .collect();
        let (found, _) = case.found_within(&filters, admits, Budget::default());
        assert_eq!(sorted(found), wanted, "{case:?}");
    });
}

#[test]
fn distinct_ends_are_the_ends_of_the_matches() {
    let mut collapsed = 0;
    on_cases(9, CASES, |dice, case, naive| {
        let nodes = case.pattern.nodes.len() as u32;
        let ends = [dice.below(nodes) as usize, dice.below(nodes) as usize];
        let mut keeper = Keeper {
            matches: Vec::new(),
            admits: |_: usize, _: &Found<'_>| true,
        };
        let outcome = distinct_ends(&case.graph(), &case.pattern, ends, Budget::default(), &mut keeper).unwrap();
        let Some(outcome) = outcome else { return };
        collapsed += 1;
        assert_eq!(outcome.matches, keeper.matches.len() as u64);
        let mut wanted: Vec<Vec<u32>> = naive
            .iter()
            .map(|(nodes, _)| ends.iter().map(|&end| nodes[end]).collect())
            .collect();
        wanted.sort();
        wanted.dedup();
        let mut found: Vec<Vec<u32>> = keeper.matches.into_iter().map(|(nodes, _)| nodes).collect();
        found.sort();
        assert_eq!(found, wanted, "{ends:?} {case:?}");
    });
    assert!(
        collapsed * 5 > CASES,
        "only {collapsed} of {CASES} cases were collapsed"
    );
}

#[test]
fn the_shortest_matches_are_those_with_the_fewest_edges_between_their_ends() {
    on_cases(10, CASES, |dice, case, naive| {
        let nodes = case.pattern.nodes.len() as u32;
        let ends = match dice.one_in(2) {
            true => [0, nodes as usize - 1],
            false => [dice.below(nodes) as usize, dice.below(nodes) as usize],
        };
        let length = |walks: &[(Vec<u32>, Vec<u32>)]| walks.iter().map(|(edges, _)| edges.len()).sum::<usize>();
        let pair = |one: &Match| ends.map(|end| one.0[end]);
        let wanted: Vec<Match> = naive
            .iter()
            .filter(|one| {
                let rivals = naive.iter().filter(|other| pair(other) == pair(one));
                rivals.map(|other| length(&other.1)).min() == Some(length(&one.1))
            })
            .cloned()
            .collect();
        for all in [true, false] {
            let mut keeper = Keeper {
                matches: Vec::new(),
                admits: |_: usize, _: &Found<'_>| true,
            };
            let which = Shortest { ends, all };
            let outcome = shortest(&case.graph(), &case.pattern, which, &[], Budget::default(), &mut keeper).unwrap();
            assert_eq!((outcome.matches, outcome.stopped), (keeper.matches.len() as u64, None));
            let found = sorted(keeper.matches);
            if all {
                assert_eq!(found, wanted, "{ends:?} {case:?}");
            } else {
                assert!(is_part(&found, &wanted), "{ends:?} {case:?}");
                let mut pairs: Vec<_> = wanted.iter().map(pair).collect();
                pairs.sort();
                pairs.dedup();
                let mut found: Vec<_> = found.iter().map(pair).collect();
                found.sort();
                assert_eq!(found, pairs, "{ends:?} {case:?}");
            }
        }
    });
}

#[test]
fn a_pattern_in_parts_is_refused() {
    let graph = Csr::from_edges(2, &[]).unwrap();
    let mut pattern = Pattern {
        nodes: vec![NodeVariable::default(), NodeVariable::default()],
        ..Pattern::default()
    };
    let mut keeper = Keeper {
        matches: Vec::new(),
        admits: |_: usize, _: &Found<'_>| true,
    };
    let error = find(&graph, &pattern, &[], Budget::default(), &mut keeper).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the pattern is empty or falls into parts that share no node"
    );
    pattern.edges.push(EdgeVariable {
        right: 2,
        ..EdgeVariable::default()
    });
    let error = find(&graph, &pattern, &[], Budget::default(), &mut keeper).unwrap_err();
    assert_eq!(
        error.to_string(),
        "an edge of the pattern ends at variable 2, which the pattern does not have"
    );
}
