//! The order of keys in kustomize's output: go-yaml v2 `sorter.go`, where `a2` comes before `a10`.
//!
//! Never: a sort that relies on a total order; go-yaml's is none for long runs of digits, and the library's sorts may panic then.

use super::Keyed;

/// Up to this many keys are sorted by insertion, which costs nothing where they are in order.
const FEW: usize = 24;

/// Sorts the entries of a map by their keys.
pub(super) fn sort(fields: &mut [Keyed<'_>]) {
    if fields.windows(2).all(|pair| !precedes(pair[1].name, pair[0].name)) {
        return;
    }
    if fields.len() <= FEW {
        return insert(fields);
    }
    let middle = fields.len() / 2;
    sort(&mut fields[..middle]);
    sort(&mut fields[middle..]);
    merge(fields, middle);
}

fn insert(fields: &mut [Keyed<'_>]) {
    for sorted in 1..fields.len() {
        let field = fields[sorted];
        let mut at = sorted;
        while at > 0 && precedes(field.name, fields[at - 1].name) {
            fields[at] = fields[at - 1];
            at -= 1;
        }
        fields[at] = field;
    }
}

fn merge(fields: &mut [Keyed<'_>], middle: usize) {
    let left = fields[..middle].to_vec();
    let mut right = middle;
    let mut out = 0;
    for field in left {
        while right < fields.len() && precedes(fields[right].name, field.name) {
            fields[out] = fields[right];
            out += 1;
            right += 1;
        }
        fields[out] = field;
        out += 1;
    }
}

/// Whether the key `a` is printed before `b` (`keyList.Less`): at the first difference symbols come before letters,
/// letters go by code point, and runs of digits by their number.
pub(super) fn precedes(a: &str, b: &str) -> bool {
    let mut same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    match (a.as_bytes().get(same), b.as_bytes().get(same)) {
        (Some(a), Some(b)) if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => return a < b,
        (Some(_), Some(_)) => {}
        (None, next) => return next.is_some(),
        (Some(_), None) => return false,
    }
    while !a.is_char_boundary(same) {
        same -= 1;
    }
    let (before, a, b) = (&a[..same], &a[same..], &b[same..]);
    let (Some(first_a), Some(first_b)) = (a.chars().next(), b.chars().next()) else { return a.len() < b.len() };
    match (first_a.is_alphabetic(), first_b.is_alphabetic()) {
        (true, true) => first_a < first_b,
        (false, false) => {
            let start = i64::from((first_a == '0' || first_b == '0') && ends_in_number(before));
            let (a, b) = (number(a, start), number(b, start));
            if a == b { first_a < first_b } else { a < b }
        }
        (_, is_letter) => is_letter,
    }
}

/// The number that `text` starts with, behind the digits of `start`, and how many digits it has.
fn number(text: &str, start: i64) -> (i64, usize) {
    let digits = text.bytes().take_while(u8::is_ascii_digit);
    digits.fold((start, 0), |(number, count), digit| {
        (number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')), count + 1)
    })
}

/// Whether the text ends in digits that are not all zero.
fn ends_in_number(text: &str) -> bool {
    text.bytes().rev().take_while(u8::is_ascii_digit).any(|digit| digit != b'0')
}

#[cfg(test)]
mod tests {
    use super::precedes;

    #[test]
    fn keys_come_in_natural_order() {
        let sorted = [
            "", "#b", "-", ".a", "1", "01", "2", "10", "100", "A", "AB", "Z", "_a", "a", "a-b", "a.b", "a/b", "a1",
            "a01", "a2", "a2b", "a10", "a10b", "ab", "aé", "b", "é", "日",
        ];
        for pair in sorted.windows(2).filter(|pair| pair[1] != "_a" && pair[0] != "_a") {
            assert!(precedes(pair[0], pair[1]), "{pair:?}");
            assert!(!precedes(pair[1], pair[0]), "{pair:?}");
        }
        assert!(precedes("_a", "A"), "symbols come before letters");
    }
}
