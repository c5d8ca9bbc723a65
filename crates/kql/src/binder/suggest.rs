//! The nearest known name to one that is not known.

/// Names that are compared at most, so that a wide table does not make mistakes slow.
const KNOWN_MAX: usize = 2_000;

/// The name that differs least: by case alone, or by few letters.
pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if let Some(same) = known.iter().find(|other| other.eq_ignore_ascii_case(name)) {
        return Some(same);
    }
    let allowed = (name.chars().count() / 3).min(3);
    known
        .iter()
        .take(KNOWN_MAX)
        .filter(|other| other.len().abs_diff(name.len()) <= allowed)
        .map(|other| (distance(name, other), *other))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// Letters to insert, delete or replace, case not counted.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.chars().flat_map(char::to_lowercase).enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let replaced = previous[column] + usize::from(a != *b);
            current.push(replaced.min(previous[column + 1] + 1).min(current[column] + 1));
        }
        previous = current;
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_other_case_is_nearest() {
        assert_eq!(nearest("nodeid", &["NodeIds", "NodeId"]), Some("NodeId"));
        assert_eq!(nearest("NodeNmae", &["NodeName", "NodeLabel"]), Some("NodeName"));
        assert_eq!(nearest("x", &["y"]), None);
    }
}
