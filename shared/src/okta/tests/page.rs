use super::super::page::split;

#[test]
fn a_page_is_split_into_its_texts() {
    let objects = split(b" [ {\"id\":\"1\", \"n\":1.0} ,{\"id\":\"2\"}, 7 ] ").unwrap();
    let texts: Vec<&str> = objects.iter().map(|object| &*object.text).collect();
    assert_eq!(texts, ["{\"id\":\"1\", \"n\":1.0}", "{\"id\":\"2\"}", "7"]);
    assert!(objects.iter().all(|object| !object.damaged));
    assert!(split(b"[]").unwrap().is_empty());
}

#[test]
fn a_lone_surrogate_spoils_its_own_object_only() {
    let objects = split(br#"[{"id":"1"},{"id":"2","profile":{"nickName":"\ud800"}},{"id":"3"}]"#).unwrap();
    assert_eq!(objects.len(), 3);
    let decodes = |index: usize| serde_json::from_str::<serde_json::Value>(&objects[index].text).is_ok();
    assert!(decodes(0) && !decodes(1) && decodes(2));
}

#[test]
fn bytes_that_are_no_utf_8_damage_their_own_object_only() {
    let objects = split(b"[{\"id\":\"1\"},{\"id\":\"2\",\"n\":\"\xff\xfe\"},{\"id\":\"3\"}]").unwrap();
    let damaged: Vec<bool> = objects.iter().map(|object| object.damaged).collect();
    assert_eq!(damaged, [false, true, false]);
    // The replacement character is no damage where the text is sound.
    assert!(!split("[{\"id\":\"\u{fffd}\"}]".as_bytes()).unwrap()[0].damaged);
}

#[test]
fn deep_objects_do_not_fail_the_page() {
    let deep = format!("[{{\"id\":\"1\"}},{}1{}]", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(split(deep.as_bytes()).unwrap().len(), 2);
}

#[test]
fn what_is_no_array_is_no_page() {
    for body in ["", "{}", "null", "[{\"id\":\"1\"}", "[{\"id\":\"1\"},", "[{\"id\":\"a\nb\"}]", "<html>", "[] []"] {
        let error = split(body.as_bytes()).unwrap_err();
        assert!(error.starts_with("the answer is no JSON array: it "), "{body}: {error}");
    }
}
