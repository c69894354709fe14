//! How little of a program its framework is.

const AXUM: &str = include_str!("../serve-axum.rs");
const ACTIX: &str = include_str!("../serve-actix.rs");
const MOUNT_AXUM: &str = include_str!("../mount-axum.rs");
const MOUNT_ACTIX: &str = include_str!("../mount-actix.rs");

#[test]
fn the_servers_differ_only_in_the_name_of_the_framework() {
    assert!(AXUM.contains("Axum"));
    assert_eq!(AXUM.replace("Axum", "Actix"), ACTIX);
}

#[test]
fn the_mounts_differ_in_few_lines() {
    assert!(differences(MOUNT_AXUM, MOUNT_ACTIX).len() <= 5);
}

#[test]
fn a_mount_takes_few_lines() {
    for mount in [MOUNT_AXUM, MOUNT_ACTIX] {
        let code = mount.lines().filter(|line| !line.is_empty() && !line.starts_with("//"));
        assert!(code.count() <= 15);
    }
}

/// The lines that differ between two texts of as many lines.
fn differences<'a>(one: &'a str, other: &'a str) -> Vec<(&'a str, &'a str)> {
    assert_eq!(one.lines().count(), other.lines().count());
    one.lines().zip(other.lines()).filter(|(one, other)| one != other).collect()
}
