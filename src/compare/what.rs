//! The kinds of difference between two definitions of an API.
//!
//! Never: whether one of them is good or bad.

/// A kind of difference; a rule names it in kebab case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// The API is new.
    ApiAdded,
    /// The API is gone.
    ApiRemoved,
    /// Its instances move between cluster and namespaces.
    ScopeChanged,
    /// The same, because another version of the definition's own API has another default.
    ScopeImplied,
    /// An XRD offered a claim and does not any more.
    ClaimRemoved(Box<str>),
    /// An XRD offers a claim of another kind.
    ClaimChanged(Box<str>, Box<str>),
    /// An XRD offers a claim from now on.
    ClaimAdded(Box<str>),
    /// Objects were converted by a webhook and are not any more.
    ConversionWeakened,
    /// Objects are converted by a webhook from now on.
    ConversionStrengthened,
    /// A version is new.
    VersionAdded,
    /// A version that was served or stored is gone.
    VersionRemoved,
    /// A version that nobody could use is gone.
    UnusedVersionRemoved,
    /// A version is not served any more.
    VersionUnserved,
    /// A version is served from now on.
    VersionServed,
    /// Objects are stored in this version from now on.
    StorageMoved,
    /// A version was marked as deprecated, or the mark is gone.
    DeprecationChanged,
    /// A version got a schema.
    SchemaAdded,
    /// A version lost its schema.
    SchemaRemoved,
    /// A property is gone.
    PropertyRemoved,
    /// A property is gone, but its parent keeps what it does not know.
    PropertyBecameUntyped,
    /// A property is new whose parent kept what it did not know: values of any shape may be there.
    PropertyBecameTyped,
    /// An optional property without a default is new.
    PropertyAdded,
    /// A required property without a default is new.
    RequiredPropertyAdded,
    /// A property that was there became required.
    RequiredAdded,
    /// The same, with a default.
    RequiredAddedWithDefault,
    /// A required property lost its default.
    RequiredDefaultRemoved,
    /// A property is not required any more.
    RequiredRemoved,
    /// Another type, and not a wider one.
    TypeChanged(Box<str>, Box<str>),
    /// A type that takes all that the old one took.
    TypeWidened(Box<str>, Box<str>),
    /// An integer or a text, now only one of them.
    IntOrStringNarrowed(Box<str>),
    /// Members left an enum.
    EnumValueRemoved(Box<[String]>),
    /// Members joined an enum.
    EnumValueAdded(Box<[String]>),
    /// An enum is new.
    EnumConstraintAdded(Box<[String]>),
    /// An enum is gone.
    EnumConstraintRemoved,
    /// A bound is new or moved inward: the keyword, before, after.
    BoundTightened(&'static str, Box<str>, Box<str>),
    /// A bound is gone or moved outward.
    BoundLoosened(&'static str, Box<str>, Box<str>),
    /// A pattern is new.
    PatternAdded(Box<str>),
    /// A pattern is another one.
    PatternChanged(Box<str>, Box<str>),
    /// A pattern is gone.
    PatternRemoved,
    /// A format that the API server checks is new, or another one.
    FormatTightened(Box<str>, Box<str>),
    /// A format is gone, or is one that nobody checks.
    FormatLoosened(Box<str>, Box<str>),
    /// A constraint is new, but the old schema took nothing that it refuses.
    ConstraintImplied(&'static str),
    /// A default is new.
    DefaultAdded(Box<str>),
    /// A default is another one.
    DefaultChanged(Box<str>, Box<str>),
    /// A default is gone, of an optional field.
    DefaultRemoved(Box<str>),
    /// `null` is not taken any more.
    NullableRemoved,
    /// `null` is taken.
    NullableAdded,
    /// The same, of a field with a default, which `null` does not become any more.
    NullableAddedOverDefault,
    /// Fields that are not named are not taken any more, or only of some type.
    AdditionalPropertiesTightened,
    /// Fields that are not named are taken.
    AdditionalPropertiesLoosened,
    /// Fields that are not named are pruned from now on.
    PreserveUnknownRemoved,
    /// Fields that are not named are kept from now on.
    PreserveUnknownAdded,
    /// Whether it is an object of its own.
    EmbeddedResourceChanged,
    /// How items of a list are told apart.
    ListTypeChanged(Box<str>, Box<str>),
    /// By which keys items of a list are told apart.
    ListMapKeysChanged,
    /// Whether a map is owned as a whole.
    MapTypeChanged(Box<str>, Box<str>),
    /// One of `allOf`, `anyOf`, `oneOf`, `not` refuses more.
    CombinerTightened(&'static str),
    /// A branch joined `oneOf`: a value that fits two is refused.
    CombinerBranchAdded(&'static str),
    /// One of them refuses less.
    CombinerRelaxed(&'static str),
    /// The name of an object may not be as long as it could be.
    NameLimitTightened(Box<str>, Box<str>),
    /// A property is gone, and one with the same schema stands beside it; its name.
    PropertyRenamed(Box<str>),
    /// A CEL rule on a map or list is new.
    CelRuleAdded(Box<str>),
    /// A CEL rule on a single value is new: it is like a keyword.
    CelValueRuleAdded(Box<str>),
    /// A CEL rule that looks at the old value is new.
    CelTransitionAdded(Box<str>),
    /// A CEL rule is gone.
    CelRuleRemoved(Box<str>),
    /// Words only.
    DescriptionChanged,
    /// The columns that `kubectl get` prints.
    PrinterColumnsChanged,
    /// The scale subresource is gone: what scales its instances cannot any more.
    ScaleRemoved,
    /// A field that selectors could name is none any more; its path.
    SelectableFieldRemoved(Box<str>),
    /// Short names and categories are gone; which.
    ShortNamesRemoved(Box<str>),
    /// Nothing here understands the difference; the keyword.
    Unclassified(Box<str>),
}

impl What {
    /// The kebab-case names, in the order of the variants.
    pub const NAMES: [&str; 68] = [
        "api-added",
        "api-removed",
        "scope-changed",
        "scope-implied",
        "claim-removed",
        "claim-changed",
        "claim-added",
        "conversion-weakened",
        "conversion-strengthened",
        "version-added",
        "version-removed",
        "unused-version-removed",
        "version-unserved",
        "version-served",
        "storage-moved",
        "deprecation-changed",
        "schema-added",
        "schema-removed",
        "property-removed",
        "property-became-untyped",
        "property-became-typed",
        "property-added",
        "required-property-added",
        "required-added",
        "required-added-with-default",
        "required-default-removed",
        "required-removed",
        "type-changed",
        "type-widened",
        "int-or-string-narrowed",
        "enum-value-removed",
        "enum-value-added",
        "enum-constraint-added",
        "enum-constraint-removed",
        "bound-tightened",
        "bound-loosened",
        "pattern-added",
        "pattern-changed",
        "pattern-removed",
        "format-tightened",
        "format-loosened",
        "constraint-implied",
        "default-added",
        "default-changed",
        "default-removed",
        "nullable-removed",
        "nullable-added",
        "additional-properties-tightened",
        "additional-properties-loosened",
        "preserve-unknown-removed",
        "preserve-unknown-added",
        "embedded-resource-changed",
        "list-type-changed",
        "list-map-keys-changed",
        "map-type-changed",
        "combiner-tightened",
        "combiner-relaxed",
        "name-limit-tightened",
        "property-renamed",
        "cel-rule-added",
        "cel-transition-added",
        "cel-rule-removed",
        "description-changed",
        "printer-columns-changed",
        "scale-removed",
        "selectable-field-removed",
        "short-names-removed",
        "unclassified",
    ];

    /// The kind of difference in kebab case, as rules name it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ApiAdded => "api-added",
            Self::ApiRemoved => "api-removed",
            Self::ScopeChanged => "scope-changed",
            Self::ScopeImplied => "scope-implied",
            Self::ClaimRemoved(_) => "claim-removed",
            Self::ClaimChanged(..) => "claim-changed",
            Self::ClaimAdded(_) => "claim-added",
            Self::ConversionWeakened => "conversion-weakened",
            Self::ConversionStrengthened => "conversion-strengthened",
            Self::VersionAdded => "version-added",
            Self::VersionRemoved => "version-removed",
            Self::UnusedVersionRemoved => "unused-version-removed",
            Self::VersionUnserved => "version-unserved",
            Self::VersionServed => "version-served",
            Self::StorageMoved => "storage-moved",
            Self::DeprecationChanged => "deprecation-changed",
            Self::SchemaAdded => "schema-added",
            Self::SchemaRemoved => "schema-removed",
            Self::PropertyRemoved => "property-removed",
            Self::PropertyBecameUntyped => "property-became-untyped",
            Self::PropertyBecameTyped => "property-became-typed",
            Self::PropertyAdded => "property-added",
            Self::RequiredPropertyAdded => "required-property-added",
            Self::RequiredAdded => "required-added",
            Self::RequiredAddedWithDefault => "required-added-with-default",
            Self::RequiredDefaultRemoved => "required-default-removed",
            Self::RequiredRemoved => "required-removed",
            Self::TypeChanged(..) => "type-changed",
            Self::TypeWidened(..) => "type-widened",
            Self::IntOrStringNarrowed(_) => "int-or-string-narrowed",
            Self::EnumValueRemoved(_) => "enum-value-removed",
            Self::EnumValueAdded(_) => "enum-value-added",
            Self::EnumConstraintAdded(_) => "enum-constraint-added",
            Self::EnumConstraintRemoved => "enum-constraint-removed",
            Self::BoundTightened(..) => "bound-tightened",
            Self::BoundLoosened(..) => "bound-loosened",
            Self::PatternAdded(_) => "pattern-added",
            Self::PatternChanged(..) => "pattern-changed",
            Self::PatternRemoved => "pattern-removed",
            Self::FormatTightened(..) => "format-tightened",
            Self::FormatLoosened(..) => "format-loosened",
            Self::ConstraintImplied(_) => "constraint-implied",
            Self::DefaultAdded(_) => "default-added",
            Self::DefaultChanged(..) => "default-changed",
            Self::DefaultRemoved(_) => "default-removed",
            Self::NullableRemoved => "nullable-removed",
            Self::NullableAdded | Self::NullableAddedOverDefault => "nullable-added",
            Self::AdditionalPropertiesTightened => "additional-properties-tightened",
            Self::AdditionalPropertiesLoosened => "additional-properties-loosened",
            Self::PreserveUnknownRemoved => "preserve-unknown-removed",
            Self::PreserveUnknownAdded => "preserve-unknown-added",
            Self::EmbeddedResourceChanged => "embedded-resource-changed",
            Self::ListTypeChanged(..) => "list-type-changed",
            Self::ListMapKeysChanged => "list-map-keys-changed",
            Self::MapTypeChanged(..) => "map-type-changed",
            Self::CombinerTightened(_) | Self::CombinerBranchAdded(_) => "combiner-tightened",
            Self::CombinerRelaxed(_) => "combiner-relaxed",
            Self::NameLimitTightened(..) => "name-limit-tightened",
            Self::PropertyRenamed(_) => "property-renamed",
            Self::CelRuleAdded(_) | Self::CelValueRuleAdded(_) => "cel-rule-added",
            Self::CelTransitionAdded(_) => "cel-transition-added",
            Self::CelRuleRemoved(_) => "cel-rule-removed",
            Self::DescriptionChanged => "description-changed",
            Self::PrinterColumnsChanged => "printer-columns-changed",
            Self::ScaleRemoved => "scale-removed",
            Self::SelectableFieldRemoved(_) => "selectable-field-removed",
            Self::ShortNamesRemoved(_) => "short-names-removed",
            Self::Unclassified(_) => "unclassified",
        }
    }

    /// What it was and what it is, in words; either may be empty.
    #[must_use]
    pub fn from_to(&self) -> (String, String) {
        match self {
            Self::TypeChanged(from, to)
            | Self::ClaimChanged(from, to)
            | Self::TypeWidened(from, to)
            | Self::PatternChanged(from, to)
            | Self::FormatTightened(from, to)
            | Self::FormatLoosened(from, to)
            | Self::DefaultChanged(from, to)
            | Self::NameLimitTightened(from, to)
            | Self::ListTypeChanged(from, to)
            | Self::MapTypeChanged(from, to)
            | Self::BoundTightened(_, from, to)
            | Self::BoundLoosened(_, from, to) => (from.to_string(), to.to_string()),
            Self::EnumValueRemoved(members) => (quoted(members), String::new()),
            Self::EnumValueAdded(members) | Self::EnumConstraintAdded(members) => (String::new(), quoted(members)),
            Self::IntOrStringNarrowed(to) => ("an integer or a string".into(), to.to_string()),
            Self::DefaultAdded(to)
            | Self::ClaimAdded(to)
            | Self::PatternAdded(to)
            | Self::PropertyRenamed(to)
            | Self::CelRuleAdded(to)
            | Self::CelValueRuleAdded(to)
            | Self::CelTransitionAdded(to) => (String::new(), to.to_string()),
            Self::DefaultRemoved(from)
            | Self::CelRuleRemoved(from)
            | Self::ClaimRemoved(from)
            | Self::SelectableFieldRemoved(from)
            | Self::ShortNamesRemoved(from) => (from.to_string(), String::new()),
            _ => (String::new(), String::new()),
        }
    }

    /// The keyword of the schema that differs, where the kind of difference leaves it open.
    #[must_use]
    pub fn keyword(&self) -> &str {
        match self {
            Self::BoundTightened(keyword, ..)
            | Self::BoundLoosened(keyword, ..)
            | Self::ConstraintImplied(keyword)
            | Self::CombinerTightened(keyword)
            | Self::CombinerBranchAdded(keyword)
            | Self::CombinerRelaxed(keyword) => keyword,
            Self::Unclassified(keyword) => keyword,
            _ => "",
        }
    }
}

fn quoted(members: &[String]) -> String {
    members.iter().map(|member| format!("`{member}`")).collect::<Vec<_>>().join(", ")
}
