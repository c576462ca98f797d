//! Laws that hold for every kustomization, over random ones: the same bytes whatever was rendered before, in whatever
//! order and by however many threads, and an overlay that changes nothing prints its base.
//!
//! Never: kustomize itself; what it prints is compared by the program beside this.

mod built;
mod generator;

use built::built;
use generator::{Case, case};

/// Cases that are rendered in several orders, and cases that are laid below an overlay.
const ORDERED: u64 = 200;
const COVERED: u64 = 1200;
const SEED: u64 = 7;

#[test]
fn rendering_is_the_same_every_time_and_in_every_order() {
    let pools = [threads(1), threads(4)];
    for number in 0..ORDERED {
        let case = case(SEED, number);
        let folders = folders(&case);
        let forth = built(&case, &folders);
        for pool in &pools {
            let here = pool.install(|| built(&case, &folders));
            let threads = pool.current_num_threads();
            assert!(forth == here, "case {number}: {threads} threads build another");
        }
        let mut reversed = folders.clone();
        reversed.reverse();
        let mut back = built(&case, &reversed);
        back.reverse();
        assert!(forth == back, "case {number}: the order matters");
        let again = built(&case, &folders);
        assert!(forth == again, "case {number}: the second time is another");
        for (folder, together) in folders.iter().zip(&forth) {
            let alone = built(&case, &[*folder]);
            assert!(alone[0] == *together, "case {number}: `{folder}` alone is another");
        }
    }
}

fn threads(count: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(count).build().expect("threads can be started")
}

#[test]
fn an_overlay_that_changes_nothing_prints_its_base() {
    let mut held = 0;
    for number in 0..COVERED {
        let mut case = case(SEED, number);
        if rules_only_at_the_root(&case) {
            continue;
        }
        let content = format!("resources: [../{}]\n", case.build);
        case.files.insert("same/kustomization.yaml".to_owned(), content.into_bytes());
        let both = built(&case, &[&case.build, "same"]);
        if both[0].is_ok() {
            held += 1;
            assert!(both[0] == both[1], "case {number}: the overlay prints another text");
        }
    }
    assert!(held > COVERED / 4, "most cases build: {held}");
}

/// Whether the case has what counts only in the kustomization that is built: the order, what is added for it, its schema
/// before those of its bases.
fn rules_only_at_the_root(case: &Case) -> bool {
    let words = ["sortOptions", "buildMetadata", "openapi"];
    let own = case.files.iter().filter(|(name, _)| name.starts_with(&case.build));
    own.map(|(_, bytes)| String::from_utf8_lossy(bytes)).any(|text| words.iter().any(|word| text.contains(word)))
}

/// The folders that can be built, in order.
fn folders(case: &Case) -> Vec<&str> {
    let mut folders: Vec<&str> = case
        .files
        .keys()
        .filter_map(|name| name.rsplit_once('/'))
        .filter(|(_, name)| name.to_ascii_lowercase().starts_with("kustomization"))
        .map(|(folder, _)| folder)
        .collect();
    folders.dedup();
    folders
}
