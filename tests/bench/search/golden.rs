//! Queries and what they should find.

use pyaday_core::{Catalogue, NormalizedName};

use crate::queries::search;
use crate::table::{GOLDEN, MISTAKES};

/// Prints the position of each package.
pub(crate) fn check(catalogue: &Catalogue) {
    for (query, expected) in GOLDEN {
        let page = catalogue.list(&search(query));
        let names: Vec<_> =
            page.items.iter().map(|stored| stored.package().name.normalized()).collect();
        for (name, most) in *expected {
            let position = names.iter().position(|own| own.as_str() == *name).map(|at| at + 1);
            let verdict = match position {
                Some(position) if position <= *most => "ok  ",
                _ => "FAIL",
            };
            println!("{verdict} {query}: {name} at {position:?}, at most {most}");
            if verdict == "FAIL" {
                let names: Vec<_> = names.iter().take(10).map(NormalizedName::as_str).collect();
                println!("     {}", names.join(", "));
            }
        }
    }
    for (query, meant) in MISTAKES {
        let names = catalogue.list(&search(query)).did_you_mean;
        let verdict =
            if names.iter().any(|name| name.as_str() == *meant) { "ok  " } else { "FAIL" };
        println!("{verdict} {query}: did you mean {names:?}");
    }
}
