use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Attributes, Expression, Reads, Subject};
use crate::model::samples::{decoded, user_object, user_with};

fn evaluate(source: &str, object: &Value) -> Result<Value, String> {
    Expression::compile(source).unwrap().evaluate_over(&Subject::of(object))
}

#[test]
fn evaluates_over_the_object() {
    let object = user_object();
    for (source, expected) in [
        ("id", json!("00uys2o7gqpDHlusr1d7")),
        ("profile.email", json!("ada@acme.example")),
        ("profile.nothing", Value::Null),
        ("nothing.at.all", Value::Null),
        ("activated", Value::Null),
        ("type", json!({ "id": "otynkw1sdzpoFCZMq1d7" })),
        ("join(' ', [profile.firstName, profile.lastName][?@])", json!("Ada Byron")),
        ("join(' ', [profile.firstName, profile.nothing][?@])", json!("Ada")),
        ("not_null(profile.displayName, profile.login)", json!("ada@acme.example")),
        ("profile.{mail: email}", json!({ "mail": "ada@acme.example" })),
        ("status == 'ACTIVE' && 'yes' || 'no'", json!("yes")),
    ] {
        assert_eq!(evaluate(source, &object), Ok(expected), "{source}");
    }
}

#[test]
fn numbers_arrays_and_objects_are_kept_as_they_are() {
    let values =
        json!([9_007_199_254_740_993_u64, u64::MAX, i64::MIN, 0.1, 1.0, -0.5, true, [], {}, [[1], { "a": [2] }]]);
    let user = user_with(json!({ "values": values }));
    assert_eq!(Expression::compile("profile.values").unwrap().evaluate(&user), Ok(values.clone()));
    assert_eq!(
        Expression::compile("profile.values[0]").unwrap().evaluate(&user).unwrap().to_string(),
        "9007199254740993"
    );
}

/// The object alone has a link for every action that its status allows, the object in a list has `self` only.
#[test]
fn an_object_is_the_same_however_it_was_read() {
    let (mut listed, mut alone) = (user_object(), user_object());
    listed["_links"].as_object_mut().unwrap().remove("suspend");
    alone["transitioningToStatus"] = json!("DEPROVISIONED");
    alone["_embedded"] = json!({});
    assert_eq!(evaluate("@", &listed), evaluate("@", &alone));
    assert!(evaluate("_links.self.href", &listed).unwrap().is_string());
}

#[test]
fn type_errors_name_function_and_types_and_nothing_else() {
    let object = user_object();
    for (source, message) in [
        ("join(' ', profile.email)", "join(): argument 2 should be array[string], but is string"),
        (
            "join(' ', [profile.email, `1`])",
            "join(): argument 2 should be array[string], but is an array with other elements",
        ),
        ("profile.email | abs( @ )", "abs(): argument 1 should be number, but is string"),
        ("length(profile.nothing)", "length(): argument 1 should be array|object|string, but is null"),
        (
            "sort_by([profile], &nothing)",
            "sort_by(): argument 2 should give string or number for each element, but gives null",
        ),
        ("&profile", "the value is an expression (`&…`), not data"),
    ] {
        assert_eq!(evaluate(source, &object), Err(message.to_owned()), "{source}");
    }
}

#[test]
fn what_a_record_cannot_hold_is_an_error() {
    let mut nested = json!(1);
    for _ in 0..30 {
        nested = json!([nested]);
    }
    assert!(evaluate("profile.x", &json!({ "profile": { "x": nested } })).unwrap_err().contains("levels deep"));
    assert!(evaluate("x", &json!({ "x": 1e200 })).unwrap_err().contains("outside the range"));
    assert!(evaluate("x", &json!({ "x": -1e-200 })).unwrap_err().contains("outside the range"));
    let large = json!({ "x": "x".repeat(200_000) });
    assert!(evaluate("[x, x]", &large).unwrap_err().contains("larger"));
}

#[test]
fn what_is_no_expression_is_refused_on_one_line() {
    for (source, message) in [
        ("profile.", "at character 9"),
        ("", "not an empty string"),
        ("profile..email", "not a JMESPath expression: Expected identifier"),
        ("join(' ', [a, b]", "the expression ends too early"),
        ("'unclosed\nquote", "Unclosed ' delimiter"),
        ("lowr(profile.email)", "there is no function `lowr`; did you mean `lower`?"),
        ("join(profile.email)", "join() takes 2 arguments, not 1"),
        ("merge()", "merge() takes at least 1 arguments, not 0"),
        ("a[::0]", "step cannot be 0"),
        ("a[0:1:2147483647]", "too large"),
        ("a[-2147483647]", "too large"),
    ] {
        let found = Expression::compile(source).unwrap_err();
        assert!(found.contains(message) && !found.contains('\n'), "{source}: {found}");
    }
}

#[test]
fn monsters_are_refused() {
    for source in [
        "(".repeat(2_000),
        "[".repeat(1_000),
        format!("{}a", "!".repeat(1_900)),
        format!("a{}", "[*]".repeat(600)),
        format!("{}a", "&".repeat(1_001)),
        format!("a{}", ".a".repeat(900)),
        vec!["[@,@]"; 300].join("|"),
        vec!["[@,@][]"; 40].join("|"),
        vec!["map(&[@,@], @)"; 30].join("|"),
        "a".repeat(2_001),
    ] {
        assert!(Expression::compile(&source).is_err(), "{source}");
    }
}

#[test]
fn generous_expressions_are_accepted() {
    for source in [
        vec!["profile.a"; 40].join(" || "),
        format!("join(' ', [{}][?@])", vec!["profile.a"; 60].join(", ")),
        format!("not_null({})", vec!["join('-', [profile.a, profile.b, profile.c][?@])"; 30].join(", ")),
        format!("{{{}}}", (0..40).map(|index| format!("k{index}: profile.k{index}")).collect::<Vec<_>>().join(", ")),
    ] {
        Expression::compile(&source).unwrap();
    }
}

fn needs(source: &str) -> Attributes {
    let mut attributes = Attributes::default();
    Expression::compile(source).unwrap().attributes(&mut attributes);
    attributes
}

#[test]
fn asks_for_the_attributes_that_are_read() {
    for (source, profile, top) in [
        ("id", "", ""),
        ("profile.email", "email", ""),
        ("@.profile.email", "email", ""),
        ("profile | email", "email", ""),
        ("profile.manager.name", "manager", ""),
        ("lastLogin", "", "lastLogin"),
        ("credentials.provider.type", "", "credentials"),
        ("join(' ', [profile.firstName, profile.lastName][?@])", "firstName lastName", ""),
        ("profile.{mail: email, name: [firstName, lastName]}", "email firstName lastName", ""),
        ("profile.tags[?name == 'x'].value | [0]", "tags", ""),
        ("profile.tags[*].name", "tags", ""),
        ("profile.tags[]", "tags", ""),
        ("sort_by(profile.tags, &name)", "tags", ""),
        ("map(&profile.x, profile.tags)", "tags", ""),
        ("profile.a || profile.b && !(profile.c)", "a b c", ""),
        ("profile.a == 'x' && status || activated", "a", "activated"),
        ("profile[0]", "", ""),
        ("'text'", "", ""),
        ("`{\"profile\": 1}`.profile", "", ""),
        ("profile.\"first name\"", "*", ""),
        ("profile", "*", ""),
        ("profile.*", "*", ""),
        ("profile.[@]", "*", ""),
        ("keys(profile)", "*", ""),
        ("[profile][0].email", "*", ""),
        ("(profile || nothing).email", "*", "nothing"),
        ("profile && 'x'", "*", ""),
        // `!` binds more tightly than a dot: this is `(!profile).a`.
        ("!profile.a", "*", ""),
        ("profile == `{}`", "*", ""),
        ("merge(profile, type)", "*", "type"),
        ("\"no such name\"", "", ""),
    ] {
        let found = needs(source);
        let mut expected = Attributes { whole_profile: profile == "*", ..Attributes::default() };
        expected.profile.extend(profile.split_whitespace().filter(|name| *name != "*").map(str::to_owned));
        expected.top.extend(top.split_whitespace().map(str::to_owned));
        assert_eq!(found, expected, "{source}");
    }
}

#[test]
fn the_whole_object_is_everything() {
    for source in ["@", "*", "*.email", "keys(@)", "[@]", "{a: @}", "to_string(@)", "@ || id", "[?@]", "values(@)"] {
        let found = needs(source);
        assert!(
            found.whole_profile && found.top.contains("lastLogin") && found.top.contains("credentials"),
            "{source}"
        );
    }
}

/// However little of the object is converted for it, an expression gives the same.
#[test]
fn what_is_left_unconverted_does_not_matter() {
    let mut object = user_object();
    object["profile"]["tags"] = json!([{ "name": "b" }, { "name": "a", "more": [1, null] }]);
    object["transitioningToStatus"] = json!("ACTIVE");
    let user = decoded(&object);
    for source in [
        "id",
        "profile.email",
        "profile.email.nothing",
        "profile.tags",
        "profile.tags[1].more",
        "profile",
        "@",
        "_links.self.href",
        "_links.suspend.href",
        "transitioningToStatus",
        "upper(transitioningToStatus)",
        "profile.\"no such\"",
        "profile.{mail: email, tags: sort_by(tags, &name)[*].name}",
        "join(' ', [profile.firstName, profile.lastName][?@])",
        "date(created, '%Y') || profile",
        "[status, profile.nothing, nothing.at.all]",
        "keys(profile)",
        "length(profile.tags) > `1` && status",
        "profile.email | [upper(@)]",
        "type.id",
    ] {
        let expression = Expression::compile(source).unwrap();
        assert_eq!(expression.evaluate(&user), expression.evaluate_over(&Subject::of(&object)), "{source}");
    }
}

/// What is not asked for must not matter: the value is the same over the whole object and over its asked-for part.
#[test]
fn the_attributes_asked_for_suffice() {
    let object = user_object();
    for source in [
        "id",
        "@",
        "profile",
        "profile.*",
        "*.email",
        "keys(@)",
        "type.id",
        "activated",
        "join(' ', [profile.firstName, profile.lastName][?@])",
        "[profile][0].email",
        "(profile || nothing).email",
        "profile.{mail: email} | mail",
        "[@][*].profile.login",
        "not_null(nothing, profile.department)",
        "_links.self.href",
    ] {
        let needs = needs(source);
        let mut part = object.clone();
        part.as_object_mut().unwrap().retain(|name, _| name == "profile" || needs.top.contains(name));
        if !needs.whole_profile {
            part["profile"].as_object_mut().unwrap().retain(|name, _| needs.profile.contains(name));
        }
        assert_eq!(evaluate(source, &object), evaluate(source, &part), "{source}");
        decoded(&part);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[ab]|profile|.{0,3}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "@",
        "a",
        "b",
        "profile",
        "*",
        "[*]",
        "[]",
        "[0]",
        "[-2:5:-3]",
        "[::7]",
        "`1`",
        "'x'",
        "[?a]",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let functions = prop::sample::select(vec![
            "abs",
            "avg",
            "ceil",
            "floor",
            "keys",
            "length",
            "max",
            "min",
            "reverse",
            "sort",
            "sum",
            "to_array",
            "to_number",
            "to_string",
            "type",
            "values",
            "not_null",
            "merge",
            "lower",
            "title",
            "collapse",
        ]);
        let pairs = prop::sample::select(vec![
            "contains",
            "ends_with",
            "starts_with",
            "join",
            "split",
            "substring",
            "date",
            "lookup",
            "default",
        ]);
        let by = prop::sample::select(vec!["sort_by", "max_by", "min_by"]);
        let joints = prop::sample::select(vec![".", "|", "||", "&&", "==", "<", ">="]);
        prop_oneof![
            (inner.clone(), joints, inner.clone()).prop_map(|(left, joint, right)| format!("{left}{joint}{right}")),
            (functions, inner.clone()).prop_map(|(name, argument)| format!("{name}({argument})")),
            (pairs, inner.clone(), inner.clone()).prop_map(|(name, left, right)| format!("{name}({left}, {right})")),
            (by, inner.clone(), inner.clone()).prop_map(|(name, list, by)| format!("{name}({list}, &{by})")),
            (inner.clone(), inner.clone()).prop_map(|(each, list)| format!("map(&{each}, {list})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("[{left}, {right}]")),
            inner.prop_map(|part| format!("(!{part})")),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_compiles_or_not_without_a_panic(source in ".{0,40}|[-a-z@&!*:?.|'`\"()\\[\\]{}, 0-9]{0,60}") {
        let _ = Expression::compile(&source);
    }

    #[test]
    fn any_expression_evaluates_over_anything_without_a_panic(source in any_expression(), object in any_json()) {
        if let Ok(expression) = Expression::compile(&source) {
            let _ = expression.evaluate_over(&Subject::of(&object));
        }
    }

    /// The heart of asking for less: whatever the expression, what it was not asked for cannot change its value.
    #[test]
    fn what_is_not_asked_for_does_not_matter(source in any_expression(), profile in any_json(), other in any_json()) {
        let Ok(expression) = Expression::compile(&source) else { return Ok(()) };
        let object = json!({ "id": "x", "a": other, "b": 1, "profile": { "a": profile, "b": 2, "login": "l" } });
        let mut needs = Attributes::default();
        expression.attributes(&mut needs);
        let mut part = object.clone();
        // Whoever needs all of the profile or of the object gets all that Okta has; `a` and `b` are not Okta's.
        let whole = needs.top.contains("lastLogin");
        part.as_object_mut().unwrap().retain(|name, _| whole || name == "profile" || needs.top.contains(name));
        if !needs.whole_profile {
            part["profile"].as_object_mut().unwrap().retain(|name, _| needs.profile.contains(name));
        }
        let value = expression.evaluate_over(&Subject::of(&object));
        prop_assert_eq!(&value, &expression.evaluate_over(&Subject::of(&part)));
        if let Reads::Part(attributes) = Reads::of(expression.compiled.as_ast()) {
            prop_assert_eq!(&value, &expression.evaluate_over(&Subject::part(&object, &attributes)));
        }
    }
}
