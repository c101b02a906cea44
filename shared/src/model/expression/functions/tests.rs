use serde_json::{Value, json};

use crate::model::Expression;
use crate::model::samples::user_with;

fn attributes() -> Value {
    json!({
        "name": "  ada   BYRON ", "city": "zÜRICH", "region": "emea", "blank": " \t", "long": "x".repeat(200_000),
        "hired": "2026-05-09", "started": "2026-05-09T23:30:05.25+02:00", "us": "05/09/2026", "mail": "ada@acme.example",
        "desk": 41, "share": 0.5, "remote": false, "skills": ["rust", "sql"], "none": null, "tags": []
    })
}

fn evaluate(source: &str) -> Result<Value, String> {
    Expression::compile(source).unwrap_or_else(|error| panic!("{source}: {error}")).evaluate(&user_with(attributes()))
}

fn check(cases: &[(&str, Value)]) {
    for (source, expected) in cases {
        assert_eq!(evaluate(source).as_ref(), Ok(expected), "{source}");
    }
}

#[test]
fn texts_change_their_case() {
    check(&[
        ("lower(profile.city)", json!("zürich")),
        ("upper(profile.city)", json!("ZÜRICH")),
        ("title(profile.city)", json!("Zürich")),
        ("title(profile.name)", json!("  Ada   Byron ")),
    ]);
    for (written, expected) in [
        ("o'BRIEN", "O'Brien"),
        ("d’arcy", "D’Arcy"),
        ("women's SHOES", "Women's Shoes"),
        ("jean-luc de la TOUR", "Jean-Luc De La Tour"),
        ("head of R&D, EMEA", "Head Of R&D, Emea"),
        ("2nd floor", "2nd Floor"),
        ("ÉLODIE e\u{301}lan", "Élodie E\u{301}lan"),
        ("東京 tower", "東京 Tower"),
        ("", ""),
    ] {
        let user = user_with(json!({ "x": written }));
        assert_eq!(Expression::compile("title(profile.x)").unwrap().evaluate(&user), Ok(json!(expected)), "{written}");
    }
}

#[test]
fn texts_are_cut_and_put_together() {
    check(&[
        ("trim(profile.name)", json!("ada   BYRON")),
        ("collapse(profile.name)", json!("ada BYRON")),
        ("title(collapse(profile.name))", json!("Ada Byron")),
        ("replace(profile.mail, '@acme.example', '')", json!("ada")),
        ("replace(profile.mail, 'a', 'AA')", json!("AAdAA@AAcme.exAAmple")),
        ("split(profile.mail, '@')", json!(["ada", "acme.example"])),
        ("split(profile.mail, '@')[1]", json!("acme.example")),
        ("split('', ',')", json!([""])),
        ("split(profile.mail, ';')", json!(["ada@acme.example"])),
        ("substring(profile.city, `1`)", json!("ÜRICH")),
        ("substring(profile.city, `0`, `2`)", json!("zÜ")),
        ("substring(profile.city, `-3`)", json!("ICH")),
        ("substring(profile.city, `-30`, `2`)", json!("zÜ")),
        ("substring(profile.city, `9`)", json!("")),
        ("substring(profile.city, `1`, `-1`)", json!("")),
        ("join(', ', profile.skills)", json!("rust, sql")),
        ("join(', ', profile.tags)", json!("")),
        ("map(&upper(@), profile.skills)", json!(["RUST", "SQL"])),
        ("profile.skills[*].title(@)", json!(["Rust", "Sql"])),
    ]);
}

#[test]
fn dates_are_written_in_another_format() {
    check(&[
        ("date(profile.hired, '%d/%m/%Y')", json!("09/05/2026")),
        ("date(created, '%d/%m/%Y')", json!("15/05/2026")),
        ("date(created, '%Y-%m-%d %H:%M:%S')", json!("2026-05-15 17:24:32")),
        // As it is written, and not as it would be in UTC.
        ("date(profile.started, '%-d %B %Y, %H:%M %z')", json!("9 May 2026, 23:30 +0200")),
        ("date(profile.hired, '%A')", json!("Saturday")),
        ("date(profile.hired, '%Y-%m-%dT%H:%M:%SZ')", json!("2026-05-09T00:00:00Z")),
        ("date(profile.us, '%Y-%m-%d', '%m/%d/%Y')", json!("2026-05-09")),
        ("date(profile.blank, '%Y')", Value::Null),
        ("date(activated, '%Y')", Value::Null),
    ]);
    for (source, message) in [
        ("date(profile.mail, '%Y')", "date(): argument 1 is no date in RFC 3339"),
        ("date(profile.us, '%Y')", "date(): argument 1 is no date in RFC 3339"),
        ("date(profile.hired, '%Y', '%m/%d/%Y')", "date(): argument 1 is no date in the format of argument 3"),
        ("date(profile.hired, profile.desk)", "date(): argument 2 should be string, but is number"),
        ("date(profile.desk, '%Y')", "date(): argument 1 should be string, but is number"),
    ] {
        assert_eq!(evaluate(source), Err(message.to_owned()), "{source}");
    }
}

#[test]
fn values_stand_in_place_of_others() {
    check(&[
        (r#"lookup(profile.region, `{"EMEA": "Europe", "APAC": "Asia"}`)"#, json!("Europe")),
        (r#"lookup(profile.region, `{"EMEA": "Europe", "emea": "exactly"}`)"#, json!("exactly")),
        (r#"lookup(profile.region, `{"AMER": "America"}`)"#, Value::Null),
        (r#"lookup(profile.region, `{"AMER": "America"}`, 'Other')"#, json!("Other")),
        (r#"lookup(profile.none, `{"AMER": "America"}`)"#, Value::Null),
        (r#"lookup(profile.none, `{"AMER": "America"}`, 'Other')"#, json!("Other")),
        (r#"lookup(profile.desk, `{"41": {"floor": 4}}`).floor"#, json!(4)),
        (r#"lookup(profile.remote, `{"false": ["on site"]}`)"#, json!(["on site"])),
        (r#"lookup(profile.region, `{"EMEA": null}`, 'Other')"#, Value::Null),
        ("default(profile.region, 'none')", json!("emea")),
        ("default(profile.blank, 'none')", json!("none")),
        ("default(profile.none, profile.desk)", json!(41)),
        ("default(profile.nothing, 'none')", json!("none")),
        ("default(profile.remote, 'none')", json!(false)),
        ("default(profile.tags, 'none')", json!([])),
    ]);
}

#[test]
fn null_gives_null() {
    for source in [
        "lower(profile.none)",
        "upper(profile.nothing)",
        "title(nothing.at.all)",
        "trim(profile.none)",
        "collapse(profile.none)",
        "replace(profile.none, 'a', 'b')",
        "split(profile.none, 'a')",
        "split(profile.none, 'a')[0]",
        "substring(profile.none, `0`, `1`)",
        "date(profile.none, '%Y')",
        "date(profile.none, '%Y', '%d.%m.%Y')",
    ] {
        assert_eq!(evaluate(source), Ok(Value::Null), "{source}");
    }
}

#[test]
fn a_wrong_type_is_an_error_that_names_function_and_types() {
    for (source, message) in [
        ("lower(profile.desk)", "lower(): argument 1 should be string, but is number"),
        ("title(profile.skills)", "title(): argument 1 should be string, but is array"),
        ("replace(profile.city, profile.none, 'x')", "replace(): argument 2 should be string, but is null"),
        ("replace(profile.city, profile.mail, profile.desk)", "replace(): argument 3 should be string, but is number"),
        ("replace(profile.city, substring('x', `1`), 'x')", "replace(): argument 2 must not be empty"),
        ("split(profile.city, profile.remote)", "split(): argument 2 should be string, but is boolean"),
        ("substring(profile.city, 'x')", "substring(): argument 2 should be a whole number, but is string"),
        ("substring(profile.city, profile.share)", "substring(): argument 2 should be a whole number, but is number"),
        ("lookup(profile.skills, `{}`)", "lookup(): argument 1 should be string|number|boolean, but is array"),
        ("lookup(profile.city, profile.skills)", "lookup(): argument 2 should be object, but is array"),
    ] {
        assert_eq!(evaluate(source), Err(message.to_owned()), "{source}");
    }
}

#[test]
fn what_a_record_could_not_hold_is_not_made() {
    for source in [
        "join(',', [profile.long, profile.long])",
        "replace(profile.long, 'x', 'xx')",
        "join('', [profile.long, profile.long, 'x'])",
    ] {
        assert!(evaluate(source).unwrap_err().contains("larger than a record"), "{source}");
    }
}

#[test]
fn what_would_fail_for_everybody_is_no_expression() {
    for (source, message) in [
        ("lowr(profile.city)", "there is no function `lowr`; did you mean `lower`?"),
        ("toLowerCase(profile.city)", "there is no function `toLowerCase`; did you mean `lower`?"),
        ("to_upper_case(profile.city)", "there is no function `to_upper_case`; did you mean `upper`?"),
        ("coalesce(a, b)", "there is no function `coalesce`; did you mean `not_null`?"),
        ("frobnicate(a)", "there is no function `frobnicate`; there are abs, avg,"),
        ("lower()", "lower() takes 1 argument, not 0"),
        ("lower(a, b)", "lower() takes 1 argument, not 2"),
        ("date(a)", "date() takes 2 to 3 arguments, not 1"),
        ("replace(a, 'b')", "replace() takes 3 arguments, not 2"),
        ("replace(a, '', 'b')", "replace(): argument 2 must not be empty"),
        ("split(a, '')", "split(): argument 2 must not be empty"),
        ("date(a, 'dd/MM/yyyy')", "date(): argument 2 has none of a date's parts, as '%d/%m/%Y' has"),
        ("date(a, '%d/%!')", "date(): argument 2 is no format for dates"),
        ("date(a, '%d', '%m/%Y')", "date(): argument 3 does not have a whole date"),
        ("lookup(a, 'EMEA')", "lookup(): argument 2 should be a table in backticks"),
    ] {
        let found = Expression::compile(source).unwrap_err();
        assert!(found.starts_with(message), "{source}: {found}");
    }
}

#[test]
fn a_value_table_may_be_long() {
    let table: serde_json::Map<String, Value> =
        (0..400).map(|place| (format!("key {place}"), json!(format!("value {place}")))).collect();
    let source = format!("lookup(profile.x, `{}`)", Value::Object(table));
    let user = user_with(json!({ "x": "KEY 399" }));
    assert_eq!(Expression::compile(&source).unwrap().evaluate(&user), Ok(json!("value 399")));
    assert!(Expression::compile(&format!("a || `\"{}\"`", "x".repeat(20_000))).is_err());
}

/// Texts that grow in every element of a list, again and again.
#[test]
fn monsters_are_refused() {
    let nested = |inner: &str, times: usize| (0..times).fold("@".to_owned(), |text, _| inner.replace('@', &text));
    for source in [
        nested("replace(@, 'a', 'aaaaaaaaaaaa')", 8),
        nested("join('aaaaaaaaaaaa', split(@, 'a'))", 8),
        nested("join(profile.a, split(@, 'a'))", 4),
        nested("upper(@)", 12),
        format!("map(&split('{}', 'a'), map(&split('{}', 'a'), @))", "a".repeat(900), "a".repeat(900)),
    ] {
        assert!(Expression::compile(&source).unwrap_err().contains("multiplies"), "{source}");
    }
}
