//! CSV as people upload it: RFC 4180, with a comma, semicolon or tab between fields.

/// Fields are parted by the one that the first line has most of.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

/// The first line and the rows below it. Empty lines are passed over.
///
/// # Errors
/// A sentence that names the row: no first line, an open quotation mark, another number of fields than the first
/// line has.
pub fn read(text: &str) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: &char| first.matches(*separator).count();
    let separator = SEPARATORS
        .into_iter()
        .rev()
        .max_by_key(count)
        .filter(|it| count(it) > 0)
        .unwrap_or(',');
    let mut rows = rows(text, separator)?.into_iter();
    let columns = rows
        .next()
        .ok_or("The file has no first line that names the columns.")?;
    let columns: Vec<String> = columns.iter().map(|it| it.trim().to_owned()).collect();
    let mut items = Vec::new();
    for (index, row) in rows.enumerate() {
        if row.len() != columns.len() {
            return Err(format!(
                "Row {} has {} fields, and the first line names {} columns.",
                index + 1,
                row.len(),
                columns.len()
            ));
        }
        items.push(row);
    }
    Ok((columns, items))
}

fn rows(text: &str, separator: char) -> Result<Vec<Vec<String>>, String> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut field = String::new();
    let mut is_quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if field.is_empty() => is_quoted = true,
            _ if is_quoted => field.push(letter),
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' => end_row(&mut rows, &mut row, &mut field),
            _ if letter == separator => row.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    if is_quoted {
        return Err(format!("Row {} has a quotation mark that is not closed.", rows.len()));
    }
    end_row(&mut rows, &mut row, &mut field);
    Ok(rows)
}

fn end_row(rows: &mut Vec<Vec<String>>, row: &mut Vec<String>, field: &mut String) {
    if row.is_empty() && field.trim().is_empty() {
        field.clear();
        return;
    }
    row.push(std::mem::take(field));
    rows.push(std::mem::take(row));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(row: &[&str]) -> Vec<String> {
        row.iter().map(|&it| it.to_owned()).collect()
    }

    #[test]
    fn quotes_hold_separators_quotes_and_lines() {
        let (columns, items) =
            read("\u{feff}name,note\r\n\"a,b\",\"say \"\"hi\"\"\nthere\"\r\n\r\nc,\r\n").expect("rows");
        assert_eq!(columns, ["name", "note"]);
        assert_eq!(items, [strings(&["a,b", "say \"hi\"\nthere"]), strings(&["c", ""])]);
    }

    #[test]
    fn the_separator_is_that_of_the_first_line() {
        for text in ["a;b\n1,5;2", "a\tb\n1,5\t2"] {
            assert_eq!(read(text).expect("rows").1, [strings(&["1,5", "2"])]);
        }
        assert_eq!(read("only\nx").expect("rows").1, [strings(&["x"])]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(read("").unwrap_err().contains("no first line"));
        assert!(read("a,b\n1").unwrap_err().starts_with("Row 1 has 1 fields"));
        assert!(read("a\n\"x").unwrap_err().contains("not closed"));
    }
}
