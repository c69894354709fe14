//! Queries, and what they should find among the packages of PyPI.

/// A query, and the packages that it should find with the position that they should have at most.
pub(crate) const GOLDEN: &[(&str, &[(&str, usize)])] = &[
    ("django", &[("django", 1)]),
    ("flask", &[("flask", 1)]),
    ("requests", &[("requests", 1)]),
    ("pandas", &[("pandas", 1)]),
    ("numpy", &[("numpy", 1)]),
    ("yaml", &[("pyyaml", 2)]),
    ("yaml parser", &[("pyyaml", 3), ("ruamel-yaml", 3)]),
    ("mysql", &[("mysql", 1), ("pymysql", 3), ("mysqlclient", 10)]),
    ("pil", &[("pillow", 1)]),
    ("beautiful soup", &[("beautifulsoup", 1), ("beautifulsoup4", 3)]),
    ("scikit_learn", &[("scikit-learn", 1)]),
    ("sklearn", &[("scikit-learn", 3)]),
    ("cv2", &[("opencv-python", 1)]),
    ("postgres async", &[("asyncpg", 1)]),
    ("http client", &[("httpx", 5), ("aiohttp", 10)]),
    ("dotenv", &[("python-dotenv", 2)]),
    ("jwt", &[("pyjwt", 2)]),
    ("zope.interface", &[("zope-interface", 1)]),
    ("web framework", &[("django", 5), ("flask", 5), ("tornado", 5)]),
    ("machine learning", &[("scikit-learn", 3)]),
    ("excel", &[("openpyxl", 5)]),
    ("djan", &[("django", 1)]),
    ("reque", &[("requests", 1)]),
];

/// A query with a mistake, and what was meant.
pub(crate) const MISTAKES: &[(&str, &str)] = &[
    ("numpi", "numpy"),
    ("reqests", "requests"),
    ("djnago", "django"),
    ("pandsa", "pandas"),
    ("tensorlfow", "tensorflow"),
];
