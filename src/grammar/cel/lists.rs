//! The functions of lists and of sets.
//!
//! Never: a comparison that is not paid for; two long lists are costly to compare.

use std::cmp::Ordering;

use super::meter::{Meter, Why};
use super::value::{Document, Val};

type Done<'t, D> = Result<Val<'t, D>, Why>;

/// A call on a list; `None` where there is no such function for these arguments.
pub(super) fn member<'t, D: Document<'t>>(
    name: &str,
    of: &Val<'t, D>,
    arguments: &[Val<'t, D>],
    meter: &mut Meter,
) -> Option<Done<'t, D>> {
    let items = of.items()?;
    if let Err(why) = meter.take(items.len()) {
        return Some(Err(why));
    }
    Some(match (name, arguments) {
        ("isSorted", []) => is_sorted(&items),
        ("sum", []) => sum(&items),
        ("min", []) => extreme(name, &items, Ordering::Less),
        ("max", []) => extreme(name, &items, Ordering::Greater),
        ("first", []) => Ok(items.into_iter().next().map_or(Val::Optional(None), Val::some)),
        ("last", []) => Ok(items.into_iter().next_back().map_or(Val::Optional(None), Val::some)),
        ("indexOf", [value]) => Ok(place(items.iter().position(|item| item.equals(value)))),
        ("lastIndexOf", [value]) => Ok(place(items.iter().rposition(|item| item.equals(value)))),
        ("slice", [Val::Int(start), Val::Int(end)]) => slice(&items, *start, *end),
        ("flatten", []) => flatten(items, 1, meter).map(Val::list),
        ("flatten", [Val::Int(depth)]) => flatten(items, *depth, meter).map(Val::list),
        ("distinct", []) => distinct(items, meter),
        ("sort", []) => sort(items, meter),
        ("reverse", []) => Ok(Val::list(items.into_iter().rev().collect())),
        ("join", []) => join(&items, "", meter),
        ("join", [Val::Text(by)]) => join(&items, by.as_str(), meter),
        _ => return None,
    })
}

/// `sets.contains`, `sets.equivalent`, `sets.intersects`.
pub(super) fn sets<'t, D: Document<'t>>(
    name: &str,
    left: &Val<'t, D>,
    right: &Val<'t, D>,
    meter: &mut Meter,
) -> Done<'t, D> {
    let (Some(a), Some(b)) = (left.items(), right.items()) else {
        return Err(Why::types(&format!("sets.{name}"), &[left.clone(), right.clone()]));
    };
    meter.take(a.len().saturating_mul(b.len()))?;
    let has = |list: &[Val<'t, D>], value: &Val<'t, D>| list.iter().any(|item| item.equals(value));
    Ok(Val::Bool(match name {
        "contains" => b.iter().all(|value| has(&a, value)),
        "equivalent" => b.iter().all(|value| has(&a, value)) && a.iter().all(|value| has(&b, value)),
        _ => b.iter().any(|value| has(&a, value)),
    }))
}

fn place<'t, D: Document<'t>>(at: Option<usize>) -> Val<'t, D> {
    at.map_or(Val::Int(-1), Val::count)
}

fn is_sorted<'t, D: Document<'t>>(items: &[Val<'t, D>]) -> Done<'t, D> {
    for pair in items.windows(2) {
        match pair[0].compare(&pair[1]) {
            Some(Ordering::Greater) => return Ok(Val::Bool(false)),
            Some(_) => {}
            None => return Err(Why::types("isSorted", pair)),
        }
    }
    Ok(Val::Bool(true))
}

fn sum<'t, D: Document<'t>>(items: &[Val<'t, D>]) -> Done<'t, D> {
    let overflow = || Why::value("`sum` overflows");
    let mut total: Option<Val<'t, D>> = None;
    for item in items {
        total = Some(match (total, item) {
            (None, Val::Int(_) | Val::Uint(_) | Val::Double(_)) => item.clone(),
            (Some(Val::Int(a)), Val::Int(b)) => Val::Int(a.checked_add(*b).ok_or_else(overflow)?),
            (Some(Val::Uint(a)), Val::Uint(b)) => Val::Uint(a.checked_add(*b).ok_or_else(overflow)?),
            (Some(Val::Double(a)), Val::Double(b)) => Val::Double(a + b),
            _ => return Err(Why::types("sum", std::slice::from_ref(item))),
        });
    }
    Ok(total.unwrap_or(Val::Int(0)))
}

fn extreme<'t, D: Document<'t>>(name: &str, items: &[Val<'t, D>], wanted: Ordering) -> Done<'t, D> {
    let mut best: Option<&Val<'t, D>> = None;
    for item in items {
        let Some(known) = best else {
            best = Some(item);
            continue;
        };
        match item.compare(known) {
            Some(order) if order == wanted => best = Some(item),
            Some(_) => {}
            None => return Err(Why::types(name, &[known.clone(), item.clone()])),
        }
    }
    best.cloned().ok_or_else(|| Why::value(format!("`{name}` of an empty list")))
}

fn slice<'t, D: Document<'t>>(items: &[Val<'t, D>], start: i64, end: i64) -> Done<'t, D> {
    let bounds = (usize::try_from(start), usize::try_from(end));
    match bounds {
        (Ok(start), Ok(end)) if start <= end && end <= items.len() => Ok(Val::list(items[start..end].to_vec())),
        _ => Err(Why::value("`slice` reaches beyond the list")),
    }
}

fn flatten<'t, D: Document<'t>>(items: Vec<Val<'t, D>>, depth: i64, meter: &mut Meter) -> Result<Vec<Val<'t, D>>, Why> {
    if depth < 0 {
        return Err(Why::value("`flatten` takes no negative depth"));
    }
    meter.take(items.len())?;
    let mut flat = Vec::with_capacity(items.len());
    for item in items {
        match item.items() {
            Some(inner) if depth > 0 => flat.extend(flatten(inner, depth - 1, meter)?),
            _ => flat.push(item),
        }
    }
    Ok(flat)
}

fn distinct<'t, D: Document<'t>>(items: Vec<Val<'t, D>>, meter: &mut Meter) -> Done<'t, D> {
    let mut seen: Vec<Val<'t, D>> = Vec::new();
    for item in items {
        meter.take(seen.len())?;
        if !seen.iter().any(|known| known.equals(&item)) {
            seen.push(item);
        }
    }
    Ok(Val::list(seen))
}

fn sort<'t, D: Document<'t>>(mut items: Vec<Val<'t, D>>, meter: &mut Meter) -> Done<'t, D> {
    meter.take(items.len().saturating_mul(4))?;
    let kind = items.first().map(Val::kind);
    let is_ordered = |item: &Val<'t, D>| Some(item.kind()) == kind && item.compare(item).is_some();
    if !items.iter().all(is_ordered) {
        return Err(Why::types("sort", &[Val::list(items)]));
    }
    items.sort_by(|a, b| a.compare(b).unwrap_or(Ordering::Equal));
    Ok(Val::list(items))
}

fn join<'t, D: Document<'t>>(items: &[Val<'t, D>], by: &str, meter: &mut Meter) -> Done<'t, D> {
    let mut out = String::new();
    for (row, item) in items.iter().enumerate() {
        let Some(text) = item.as_text() else { return Err(Why::types("join", std::slice::from_ref(item))) };
        meter.take((text.len() + by.len()) / 10)?;
        out.push_str(if row == 0 { "" } else { by });
        out.push_str(text);
    }
    Ok(Val::text(out))
}
