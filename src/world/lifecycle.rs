//! How a repository says that an API or a way to fulfil one is going away.
//!
//! Never: a judgement of the dates.

use crate::base::Date;
use crate::model::View;

/// The keys that a repository uses, how much notice it gives, and the day of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// The annotation that marks something as deprecated with `true`.
    pub mark: String,
    /// The annotation that says what to use instead.
    pub message: String,
    /// The annotation that names the last day.
    pub sunset: String,
    /// The label of a Composition that names its version.
    pub version_label: String,
    /// How many days there are at least between the announcement and the last day.
    pub notice: u32,
    /// The day of the run. The default is before all others: nothing is past its date.
    pub today: Date,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            mark: "deprecated".to_owned(),
            message: "deprecation.message".to_owned(),
            sunset: "sunset.date".to_owned(),
            version_label: "version".to_owned(),
            notice: 90,
            today: Date::default(),
        }
    }
}

/// A date that is written, or what is written in its place.
pub struct Sunset<'t> {
    /// The day; `None` where the text is none.
    pub day: Option<Date>,
    /// The value.
    pub at: View<'t>,
}

impl Lifecycle {
    /// The mark of an object, where it says `true`.
    #[must_use]
    pub fn mark_of<'t>(&self, object: View<'t>) -> Option<crate::model::Field<'t>> {
        let annotations = object.path(["metadata", "annotations"])?;
        annotations.field(&self.mark).filter(|mark| mark.value.written() == "true")
    }

    /// Whether an object says what to use instead.
    #[must_use]
    pub fn has_message(&self, object: View<'_>) -> bool {
        let message = object.path(["metadata", "annotations"]).and_then(|annotations| annotations.get(&self.message));
        message.is_some_and(|message| !message.written().trim().is_empty())
    }

    /// The day of the whole object.
    #[must_use]
    pub fn sunset_of<'t>(&self, object: View<'t>) -> Option<Sunset<'t>> {
        let annotations = object.path(["metadata", "annotations"])?;
        let mut fields = annotations.fields();
        let found = fields.find(|field| field.name() == self.sunset || field.name().ends_with("/sunset-date"))?;
        Some(sunset(found.value))
    }

    /// The day of a version, where it has one of its own: `v1.sunset.date`, `…/v1.sunset-date`, or the version's own
    /// `annotations`.
    #[must_use]
    pub fn sunset_of_version<'t>(&self, object: View<'t>, version: &str) -> Option<Sunset<'t>> {
        let own = version_of(object, version).and_then(|own| own.get("annotations")?.get(&self.sunset));
        if let Some(own) = own {
            return Some(sunset(own));
        }
        let annotations = object.path(["metadata", "annotations"])?;
        let names = [format!("{version}.{}", self.sunset), format!("/{version}.sunset-date")];
        let mut fields = annotations.fields();
        fields.find(|f| f.name() == names[0] || f.name().ends_with(&names[1])).map(|found| sunset(found.value))
    }
}

/// The entry of a version in the object that defines the API.
#[must_use]
pub fn version_of<'t>(object: View<'t>, version: &str) -> Option<View<'t>> {
    let versions = object.path(["spec", "versions"]).or_else(|| object.path(["spec", "api", "spec", "versions"]))?;
    versions.items().find(|item| item.get("name").is_some_and(|name| name.written() == version))
}

/// The day that a text begins with, also with a time behind it.
fn sunset(at: View<'_>) -> Sunset<'_> {
    let written = at.written();
    let text = written.trim();
    let day = text.split_once(['T', 't', ' ']).map_or(text, |(day, _)| day);
    Sunset { day: day.parse().ok(), at }
}
