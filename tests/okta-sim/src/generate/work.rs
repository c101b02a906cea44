//! Departments, titles and places.

use fastrand::Rng;

/// Departments, the largest first.
pub(super) const DEPARTMENTS: [&str; 22] = [
    "Engineering",
    "Sales",
    "Customer Support",
    "Operations",
    "Finance",
    "Marketing",
    "IT",
    "Human Resources",
    "Product",
    "Manufacturing",
    "Logistics",
    "Legal",
    "Research & Development",
    "Procurement",
    "Quality, Health and Safety",
    "Facilities",
    "Security",
    "Communications",
    "Données et Analyse",
    "経営企画",
    "Internal \"Audit\"",
    "Executive Office",
];

const TITLES: [&str; 14] = [
    "Software Engineer",
    "Senior Software Engineer",
    "Account Executive",
    "Support Specialist",
    "Analyst",
    "Manager",
    "Senior Manager",
    "Director",
    "Technician",
    "Consultant",
    "Intern",
    "Coordinator",
    "Vice President",
    "Head of Special Projects, EMEA",
];

const CITIES: [(&str, &str); 12] = [
    ("London", "GB"),
    ("New York", "US"),
    ("San Francisco", "US"),
    ("München", "DE"),
    ("Zürich", "CH"),
    ("São Paulo", "BR"),
    ("København", "DK"),
    ("東京", "JP"),
    ("Bengaluru", "IN"),
    ("Kraków", "PL"),
    ("Nairobi", "KE"),
    ("Montréal", "CA"),
];

pub(super) const SKILLS: [&str; 8] =
    ["rust", "sql", "négociation", "first aid", "excel", "kubernetes", "日本語", "driving"];

/// A department, skewed as in life: the k-th is about 1/k as large as the first.
pub(super) fn department(rng: &mut Rng) -> Option<&'static str> {
    if rng.u8(0..100) < 6 {
        return None;
    }
    let weight = |place: usize| 1.0 / (place as f64 + 1.0);
    let total: f64 = (0..DEPARTMENTS.len()).map(weight).sum();
    let mut left = rng.f64() * total;
    DEPARTMENTS
        .iter()
        .enumerate()
        .find(|(place, _)| {
            left -= weight(*place);
            left <= 0.0
        })
        .map(|(_, department)| *department)
        .or_else(|| DEPARTMENTS.first().copied())
}

/// A department as it was typed: mostly as it should be.
pub(super) fn as_typed(department: &str, rng: &mut Rng) -> String {
    match rng.u8(0..200) {
        0 => format!(" {}", department.to_lowercase()),
        1 => department.to_uppercase(),
        2 => format!("{department} "),
        _ => department.to_owned(),
    }
}

pub(super) fn title(rng: &mut Rng) -> Option<&'static str> {
    match rng.u8(0..100) {
        0..9 => None,
        _ => rng.choice(TITLES),
    }
}

pub(super) fn city(rng: &mut Rng) -> Option<(&'static str, &'static str)> {
    match rng.u8(0..100) {
        0..25 => None,
        _ => rng.choice(CITIES),
    }
}
