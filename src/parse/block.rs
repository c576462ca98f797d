//! Folded blocks where the parser and go-yaml (`scannerc.go`, `yaml_parser_scan_block_scalar`) read different text.
//!
//! Never: a block that both read alike; those keep the parser's text.

/// The text of a `>` block that has lines indented further than the first: go-yaml keeps one line break before such a
/// line. `None` for every other block.
pub(super) fn refold(raw: &str) -> Option<String> {
    let (header, body) = raw.split_once('\n')?;
    let header = header.split('#').next().unwrap_or(header).trim_end();
    if header.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let lines: Vec<&str> = body.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let indent = spaces(lines.iter().find(|line| !line.trim_matches(' ').is_empty())?);
    let content = |line: &str| line.get(indent..).unwrap_or_default().to_owned();
    if !lines.iter().any(|line| content(line).starts_with([' ', '\t'])) {
        return None;
    }
    let mut folded = String::new();
    let (mut break_before, mut blanks, mut was_indented) = (false, 0, false);
    for line in &lines {
        let line = content(line);
        if line.is_empty() {
            blanks += 1;
            continue;
        }
        let indented = line.starts_with([' ', '\t']);
        if break_before && !was_indented && !indented {
            if blanks == 0 {
                folded.push(' ');
            }
        } else if break_before {
            folded.push('\n');
        }
        folded.extend(std::iter::repeat_n('\n', blanks));
        folded.push_str(&line);
        (break_before, blanks, was_indented) = (true, 0, indented);
    }
    if !header.contains('-') {
        folded.push('\n');
    }
    if header.contains('+') {
        return None;
    }
    Some(folded)
}

#[cfg(test)]
mod tests {
    use super::refold;

    #[test]
    fn a_line_that_is_indented_further_is_not_folded() {
        let read = refold(">\n  one\n   two\n  three\n  four\n\n  five");
        assert_eq!(read.as_deref(), Some("one\n two\nthree four\nfive\n"));
        assert_eq!(refold(">-\n  one\n  two"), None);
    }
}
