//! The law of origins, as a check of a rendered value: each chain ends in bytes of a file, and the value is what the
//! recorded steps make of those bytes, which are read anew.
//!
//! Never: the renderer's own code for a step; each is written here a second time.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use base64::Engine as _;
use gitops_guard::base::{Content, Span};
use gitops_guard::model::{How, Key, Made, MadeNode, Set, Trees, Value, View};
use gitops_guard::parse::{self, Kind, Parsed, resolve_plain};

/// What was checked, and what breaks the law.
pub struct Law<'t> {
    trees: &'t Trees,
    met: HashSet<usize>,
    /// Held alive, so that an address is not used twice.
    held: Vec<Arc<Made>>,
    /// How many nodes were checked, and how many steps of each kind.
    pub nodes: usize,
    /// How many steps of each kind were redone.
    pub steps: BTreeMap<&'static str, usize>,
    /// What does not hold, a line each.
    pub broken: Vec<String>,
}

impl<'t> Law<'t> {
    pub fn new(trees: &'t Trees) -> Self {
        Self { trees, met: HashSet::new(), held: Vec::new(), nodes: 0, steps: BTreeMap::new(), broken: Vec::new() }
    }

    /// Checks a value, all that is in it and all that it came from.
    pub fn check(&mut self, value: &Value) {
        match value {
            Value::Source(..) => self.source(self.trees.view(value), None),
            Value::Made(made) => self.made(value, made),
        }
    }

    fn source(&mut self, view: View<'_>, key: Option<Span>) {
        self.nodes += 1;
        let unwritten = view.is_unwritten();
        // What is not written is where its key is.
        let at = key.filter(|_| unwritten).unwrap_or_else(|| view.place());
        if !self.is_place(at, "source") || unwritten {
            return;
        }
        if view.is_scalar() && !self.reads(at, &view.written()) {
            self.fail(at, "source", &view.written(), "is not what is written");
        }
        for field in view.fields() {
            let at = field.key_place();
            if self.is_place(at, "key") && !self.reads(at, field.name()) && !self.is_alias(at, field.name()) {
                self.fail(at, "key", field.name(), "is not what is written");
            }
            self.source(field.value, Some(at));
        }
        view.items().for_each(|item| self.source(item, Some(at)));
    }

    fn made(&mut self, value: &Value, made: &Arc<Made>) {
        if !self.met.insert(Arc::as_ptr(made) as usize) {
            return;
        }
        self.held.push(made.clone());
        self.nodes += 1;
        if self.is_place(made.origin.at, "made") {
            self.step(value, made);
        }
        if let Some(set) = &made.origin.set {
            self.is_place(set.by, set.how.words());
            [&set.from, &set.with].into_iter().flatten().for_each(|value| self.check(value));
        }
        match &made.node {
            MadeNode::Scalar(_) => {}
            MadeNode::Link(inner) => self.check(inner),
            MadeNode::Seq(items) => items.iter().for_each(|item| self.below(item, made.origin.at)),
            MadeNode::Map(entries) => {
                for entry in entries {
                    let at = entry.key.place(self.trees);
                    let is_written = matches!(entry.key, Key::Source(..));
                    let text = entry.key.text(self.trees);
                    if self.is_place(at, "key") && is_written && !self.reads(at, text) && !self.is_alias(at, text) {
                        self.fail(at, "key", entry.key.text(self.trees), "is not what is written");
                    }
                    self.below(&entry.value, at);
                }
            }
        }
    }

    /// A key that is an alias of a text with that anchor.
    fn is_alias(&self, at: Span, text: &str) -> bool {
        let sources = self.trees.sources();
        let anchored = |alias: &str| sources.text(at.file).contains(&format!("&{} {text}", alias.trim_end()));
        sources.slice(at).strip_prefix('*').is_some_and(anchored)
    }

    fn below(&mut self, value: &Value, key: Span) {
        match value {
            Value::Source(..) => self.source(self.trees.view(value), Some(key)),
            Value::Made(_) => self.check(value),
        }
    }

    /// Whether the last step of a made value gives it.
    fn step(&mut self, value: &Value, made: &Made) {
        let (at, view) = (made.origin.at, self.trees.view(value));
        let Some(set) = &made.origin.set else {
            if view.is_scalar() && !view.is_null() && !self.reads(at, &view.written()) && !self.is_emptied(view, at) {
                self.fail(at, "copy", &view.written(), "is not what is written");
            }
            return;
        };
        *self.steps.entry(set.how.words()).or_default() += 1;
        if let MadeNode::Link(inner) = &made.node {
            if self.trees.view(inner).place() != at {
                self.fail(at, set.how.words(), &view.written(), "is linked from elsewhere");
            }
            return;
        }
        if view.is_scalar() && !self.redone(view, at, set) {
            let with = set.with.as_ref().map(|with| self.trees.view(with).written().into_owned());
            let before = format!("{:?} with {with:?}", self.before(set));
            self.fail(at, set.how.words(), &view.written(), &format!("does not follow from {before}"));
        }
    }

    /// What a map of text makes of a list, a map, or a key with nothing behind it: nothing.
    fn is_emptied(&self, view: View<'_>, at: Span) -> bool {
        let written = self.trees.sources().slice(at);
        view.written().is_empty()
            && (written.starts_with(['[', '{']) || written.contains('\n') || !written.contains(':'))
    }

    fn before(&self, set: &Set) -> String {
        set.from
            .as_ref()
            .map(|from| self.trees.view(from))
            .filter(|from| !from.is_null())
            .map_or_else(String::new, |from| from.written().into_owned())
    }

    fn redone(&self, view: View<'_>, at: Span, set: &Set) -> bool {
        let now = &*view.written();
        let before = self.before(set);
        let brought = set.with.as_ref().map(|with| self.trees.view(with));
        match set.how {
            How::NamePrefix => self.read(at).is_some_and(|added| is(view, &format!("{added}{before}"))),
            How::NameSuffix => self.read(at).is_some_and(|added| is(view, &format!("{before}{added}"))),
            How::Namespace | How::Label | How::Annotation => self.reads(at, now),
            How::Replicas => self.reads(at, now) || now == "0" && at == set.by,
            How::Patch => self.reads(at, now) || self.patched(view, at, set, &before),
            How::Image => self.image(now, &before, set.by),
            How::Hash => now
                .strip_prefix(&format!("{before}-"))
                .is_some_and(|hash| hash.len() == 10 && hash.bytes().all(|byte| b"2456789bcdfghkmt".contains(&byte))),
            How::NameReference => brought.is_some_and(|name| is(view, &name.written()) && name.place() == at),
            How::Replacement => match brought {
                Some(source) => self.replaced(now, &before, &source.written(), set),
                // An item that `[name=value]` of a path asked for.
                None => self.trees.sources().slice(set.by).contains(now),
            },
            How::Variable => expanded(&before, brought) == now,
            How::Generator => self.generated(now, at, set.by),
            How::Transformer => {
                self.configured(view, at, set.by)
                    || now == "kustomize-v5.7.1"
                    || now.contains("path: ")
                    || now.contains("configuredIn: ")
            }
            How::Substitution => true,
        }
    }

    /// A value of a transformer's configuration, put into a path, or a word of one of its paths.
    fn configured(&self, view: View<'_>, at: Span, by: Span) -> bool {
        let now = &*view.written();
        let added = self.read(at).is_some_and(|added| is(view, &added) || now.split('/').any(|part| part == added));
        added || !now.is_empty() && self.trees.sources().text(by.file).contains(&format!("={now}]"))
    }

    /// What a JSON patch makes of a value besides copying it, since it writes the whole object anew: nothing at all, a
    /// boolean of YAML 1.1, a number that a double holds, an octal number in decimal, a folded text whose deeper lines
    /// get one more empty line each time that they pass, as does a text of several lines in the place of a folded one,
    /// which is then folded too; and an annotation that an operation without a value makes is the word `null`.
    fn patched(&self, view: View<'_>, at: Span, set: &Set, before: &str) -> bool {
        let octal =
            |text: &str| Some(u32::from_str_radix(text.strip_prefix('0')?.trim_start_matches('o'), 8).ok()?.into());
        let number = |text: &str| octal(text).or_else(|| text.parse::<f64>().ok());
        let read = self.read(at);
        let switched = read.as_deref().is_some_and(|read| {
            let is = |words: [&str; 4]| words.contains(&&*read.to_ascii_lowercase());
            view.as_bool() == Some(true) && is(["y", "yes", "on", ""])
                || view.as_bool() == Some(false) && is(["n", "no", "off", ""])
        });
        let narrowed = || number(&view.written()).is_some_and(|now| number(before) == Some(now));
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        let folded = || self.trees.sources().slice(at).starts_with('>') && bare(&view.written()) == bare(before);
        let refolded = || {
            let (now, slice) = (view.written(), self.trees.sources().slice(at));
            let is = |text: &str| bare(text) == bare(&now);
            now.contains('\n')
                && self.was_folded(set)
                && (read.as_deref().is_some_and(is) || is(slice.trim_start_matches(['|', '+', '-'])))
        };
        let nothing = || view.written() == "null" && self.is_operation_of_nothing(at);
        view.is_null() || switched || narrowed() || folded() || refolded() || nothing()
    }

    /// Whether one of the values that a step has put aside is folded text in its file.
    fn was_folded(&self, set: &Set) -> bool {
        let mut at = set.from.clone();
        while let Some(value) = at {
            let slice = self.trees.sources().slice(self.trees.view(&value).place());
            if slice.starts_with('>') {
                return true;
            }
            at = value.origin().and_then(|origin| origin.set.as_ref()).and_then(|set| set.from.clone());
        }
        false
    }

    /// Whether the bytes are an operation that has no value.
    fn is_operation_of_nothing(&self, at: Span) -> bool {
        let (parsed, text) = self.parsed(at);
        let Some(root) = parsed.documents().first().and_then(|document| document.root) else { return false };
        let children: Vec<_> = parsed.children(root).collect();
        let has = |name: &str| children.chunks_exact(2).any(|pair| parsed.text(&text, pair[0]) == name);
        let range = |node| parsed.range(node);
        let is_written = |pair: &[_]| range(pair[1]).start < range(pair[1]).end;
        has("op") && !children.chunks_exact(2).any(|pair| parsed.text(&text, pair[0]) == "value" && is_written(pair))
    }

    /// The parts of an entry of `images:` in the place of those of an image, once or twice.
    fn image(&self, now: &str, before: &str, by: Span) -> bool {
        let (parsed, text) = self.parsed(by);
        let Some(root) = parsed.documents().first().and_then(|document| document.root) else { return false };
        let children: Vec<_> = parsed.children(root).collect();
        let part = |name: &str| {
            let found = children.chunks_exact(2).find(|pair| parsed.text(&text, pair[0]).eq_ignore_ascii_case(name));
            found.map_or_else(String::new, |pair| parsed.text(&text, pair[1]).to_owned())
        };
        let (name, tag, suffix, digest) = (part("newName"), part("newTag"), part("tagSuffix"), part("digest"));
        let once = |image: &str| {
            let (rest, old_digest) = image.split_once('@').unwrap_or((image, ""));
            let colon = rest.rfind(':').filter(|at| !rest[*at..].contains('/'));
            let (old_name, old_tag) = colon.map_or((rest, ""), |at| (&rest[..at], &rest[at + 1..]));
            let mut new = if name.is_empty() { old_name.to_owned() } else { name.clone() };
            let (tag, digest) = if !tag.is_empty() || !digest.is_empty() {
                (tag.clone(), digest.clone())
            } else if suffix.is_empty() {
                (old_tag.to_owned(), old_digest.to_owned())
            } else {
                (format!("{old_tag}{suffix}"), String::new())
            };
            for (mark, part) in [(":", tag), ("@", digest)] {
                if !part.is_empty() {
                    new = new + mark + &part;
                }
            }
            new
        };
        once(before) == now || once(&once(before)) == now
    }

    /// A replacement: the whole source, a part of it, or it in the place of a part of what was there.
    fn replaced(&self, now: &str, before: &str, source: &str, set: &Set) -> bool {
        let (parsed, text) = self.parsed(set.by);
        let Some(root) = parsed.documents().first().and_then(|document| document.root) else { return false };
        let field = |of, name: &str| {
            let children: Vec<_> = parsed.children(of).collect();
            let found = children.chunks_exact(2).find(|pair| parsed.text(&text, pair[0]) == name);
            found.map(|pair| pair[1])
        };
        // A target has its options below it; the step that takes a part of a source has them themselves.
        let target = field(root, "select");
        let options = if target.is_some() { field(root, "options") } else { Some(root) };
        let option = |name| options.and_then(|options| field(options, name)).map(|node| parsed.text(&text, node));
        let delimiter = option("delimiter").unwrap_or_default();
        let index: i64 = option("index").and_then(|index| index.parse().ok()).unwrap_or_default();
        let Ok(at) = usize::try_from(index) else { return now == format!("{source}{delimiter}{before}") };
        if delimiter.is_empty() {
            return now == source;
        }
        if target.is_none() {
            return source.split(delimiter).nth(at) == Some(now);
        }
        let mut parts: Vec<&str> = before.split(delimiter).collect();
        if at < parts.len() {
            parts[at] = source;
        } else {
            parts.push(source);
        }
        parts.join(delimiter) == now
    }

    /// A constant, a part of a literal, a line of an env file, or a file; base64 in a Secret.
    fn generated(&self, now: &str, at: Span, by: Span) -> bool {
        const CONSTANTS: [&str; 5] = ["v1", "ConfigMap", "Secret", "ServiceAccount", "Opaque"];
        let sources = self.trees.sources();
        let mut made: Vec<Vec<u8>> = vec![sources.slice(at).into()];
        made.extend(self.read(at).map(Into::into));
        made.push(sources.content(at.file).bytes().into());
        if let Some(entry) = self.read(by) {
            let value = entry.split_once('=').map_or(&*entry, |(_, value)| value);
            let value = if is_block(sources.slice(by)) { value.trim_end() } else { value };
            let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
            // Between the lines of a literal that are told apart by NEL, kustomize reads a space.
            made.push(bare.unwrap_or(value).replace('\u{85}', " ").into());
            made.push(bare.unwrap_or(value).into());
            made.extend(self.named(by, value));
        }
        let plain = now.replace('\n', "");
        let decoded = base64::engine::general_purpose::STANDARD.decode(&plain);
        let is_account = now.ends_with(".iam.gserviceaccount.com");
        let block = is_block(sources.slice(by)).then(|| now.trim_end().as_bytes());
        made.iter().any(|made| made == now.as_bytes() || Some(&**made) == block || decoded.as_ref() == Ok(made))
            || CONSTANTS.contains(&now) && at == by
            || now.is_empty() && (self.is_key_of_nothing(at) || is_bare_key(sources.slice(at)))
            || is_account
    }

    /// The bytes of the file that an entry names.
    fn named(&self, by: Span, name: &str) -> Option<Vec<u8>> {
        let path = self.trees.sources().path(by.file).parent()?.join(name)?;
        let root = std::path::Path::new("/").join(path.as_str());
        std::fs::read(root).ok()
    }

    /// The decoded scalar that a span holds.
    fn read(&self, at: Span) -> Option<String> {
        let (parsed, text) = self.parsed(at);
        let root = parsed.documents().first()?.root?;
        parsed.kind(root).is_scalar().then(|| parsed.text(&text, root).to_owned())
    }

    /// The bytes of a span, parsed by themselves at their column.
    fn parsed(&self, at: Span) -> (Parsed, String) {
        let sources = self.trees.sources();
        let column = sources.positions(at).0.column as usize;
        let text = " ".repeat(column - 1) + sources.slice(at);
        (parse::parse(&text), text)
    }

    /// Whether a scalar of this text is written in a span.
    fn reads(&self, at: Span, text: &str) -> bool {
        let read = self.read(at);
        // Where a block text ends is not in its span: its last line break is behind it.
        let is =
            |read: &str| read == text || is_block(self.trees.sources().slice(at)) && read.trim_end() == text.trim_end();
        if read.as_deref().is_some_and(is) {
            return true;
        }
        if text.is_empty() && self.is_key_of_nothing(at) {
            return true;
        }
        let slice = self.trees.sources().slice(at);
        match slice.bytes().next() {
            // A hint of indentation counts from the parent, which is not in the span.
            Some(b'|' | b'>') => self.stands_in(at, text) || read.is_some_and(|read| holds(&read, text)),
            // A text with its own YAML in it, in a notation that hides the places of its parts.
            Some(b'\'' | b'"') => read.is_some_and(|read| holds(&read, text)),
            // What a plain scalar means may depend on what is around it.
            _ => slice == text || self.stands_in(at, text),
        }
    }

    /// Whether a span is a key behind which nothing is written.
    fn is_key_of_nothing(&self, at: Span) -> bool {
        let parsed = self.trees.parsed(at.file);
        nodes(parsed).filter(|node| parsed.kind(*node) == Kind::Map).any(|map| {
            let children: Vec<_> = parsed.children(map).map(|child| parsed.range(child)).collect();
            children.chunks_exact(2).any(|pair| pair[0] == at.range && pair[1].start == pair[1].end)
        })
    }

    /// Whether the file has a scalar with this text at exactly these bytes.
    fn stands_in(&self, at: Span, text: &str) -> bool {
        let (parsed, whole) = (self.trees.parsed(at.file), self.trees.sources().text(at.file));
        nodes(parsed).any(|node| parsed.range(node) == at.range && parsed.text(whole, node) == text)
    }

    /// Whether a span lies in its file and is not empty.
    fn is_place(&mut self, at: Span, what: &str) -> bool {
        let sources = self.trees.sources();
        let range = at.range;
        let length = match sources.content(at.file) {
            Content::Text(text) => text.len(),
            Content::Binary(_) | Content::Failed(_) => 0,
        };
        let fits = range.start < range.end
            && range.end as usize <= length
            && sources.outermost(at) == at
            && sources.text(at.file).get(range.bytes()).is_some();
        if !fits {
            self.broken.push(format!("{}: {what}: {range:?} of {length} bytes", sources.path(at.file)));
        }
        fits
    }

    fn fail(&mut self, at: Span, what: &str, value: &str, why: &str) {
        let sources = self.trees.sources();
        let (path, line) = (sources.path(at.file), sources.positions(at).0.line);
        self.broken.push(format!("{path}:{line}: {what}: {value:?} {why}; {:?} is there", sources.slice(at)));
    }
}

/// Whether a line of an env file gives its key nothing.
fn is_bare_key(line: &str) -> bool {
    !line.strip_suffix('=').unwrap_or(line).contains('=')
}

fn is_block(slice: &str) -> bool {
    slice.starts_with(['|', '>'])
}

/// Whether a value is this text, or what the text means without quotes.
fn is(view: View<'_>, text: &str) -> bool {
    view.written() == text || resolve_plain(text) == view.scalar()
}

fn nodes(parsed: &Parsed) -> impl Iterator<Item = gitops_guard::base::NodeId> + '_ {
    let mut open: Vec<_> = parsed.documents().iter().filter_map(|document| document.root).collect();
    std::iter::from_fn(move || {
        let node = open.pop()?;
        open.extend(parsed.children(node));
        Some(node)
    })
}

/// Whether a text is YAML with a scalar of this text, or a key.
fn holds(yaml: &str, text: &str) -> bool {
    let parsed = parse::parse(yaml);
    nodes(&parsed).any(|node| parsed.kind(node) != Kind::Alias && parsed.text(yaml, node) == text)
}

/// A text with its variables replaced and its `$$` undone.
fn expanded(before: &str, brought: Option<View<'_>>) -> String {
    let mut out = String::new();
    let mut rest = before;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
        } else if let Some((name, behind)) = rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match brought.and_then(|map| map.get(name)) {
                Some(value) if value.is_null() => {}
                Some(value) if value.is_scalar() => out.push_str(&value.written()),
                _ => out = out + "$(" + name + ")",
            }
            rest = behind;
        } else {
            out.push('$');
        }
    }
    out + rest
}
