//! A page as a browser reads it.

use html5ever::driver::ParseOpts;
use html5ever::tendril::TendrilSink as _;
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tree_builder::{QuirksMode, TreeBuilderOpts};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// An element with its attributes.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// The text in it, that of its own elements too.
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// The elements of a page, in their order.
pub(crate) struct Page {
    pub(crate) elements: Vec<Element>,
    /// What is wrong with the page, in the words of the HTML standard.
    pub(crate) errors: Vec<String>,
}

impl Page {
    pub(crate) fn parse(html: &str) -> Self {
        let options = ParseOpts {
            tokenizer: TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() },
            tree_builder: TreeBuilderOpts { exact_errors: true, ..TreeBuilderOpts::default() },
        };
        let dom = html5ever::parse_document(RcDom::default(), options).one(html);
        let mut page = Self { elements: Vec::new(), errors: Vec::new() };
        page.errors.extend(dom.errors.borrow().iter().map(ToString::to_string));
        if dom.quirks_mode.get() != QuirksMode::NoQuirks {
            page.errors.push("it has no doctype".to_owned());
        }
        page.add(&dom.document);
        page
    }

    fn add(&mut self, node: &Handle) {
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let attributes = attrs.borrow();
            let attributes = attributes
                .iter()
                .map(|attribute| (attribute.name.local.to_string(), attribute.value.to_string()));
            let (attributes, mut text) = (attributes.collect(), String::new());
            add_text(node, &mut text);
            self.elements.push(Element { name: name.local.to_string(), attributes, text });
        }
        node.children.borrow().iter().for_each(|child| self.add(child));
    }

    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }

    /// The text of the first element of this name.
    pub(crate) fn text<'a>(&'a self, name: &'a str) -> &'a str {
        self.named(name).next().map_or("", |element| &element.text)
    }

    /// Every URL that the page uses or leads to, and whether it says that it leads elsewhere.
    pub(crate) fn urls(&self) -> impl Iterator<Item = (&str, bool)> {
        self.elements.iter().flat_map(|element| {
            let is_external = element.attribute("rel").is_some_and(|rel| rel.contains("external"));
            let urls = ["href", "src", "action"].into_iter().filter_map(|it| element.attribute(it));
            urls.map(move |url| (url, is_external))
        })
    }

    /// What the policy of the pages forbids, or what people with a screen reader would miss.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.errors.clone();
        let mut ids = Vec::new();
        for element in &self.elements {
            let Element { name, attributes, text } = element;
            for (attribute, _) in attributes {
                if attribute.starts_with("on") || attribute == "style" {
                    faults.push(format!("{name} has the attribute {attribute}"));
                }
            }
            if name == "style"
                || name == "script" && !(text.is_empty() && element.attribute("src").is_some())
            {
                faults.push(format!("a {name} is in the page: {text}"));
            }
            if let Some(id) = element.attribute("id") {
                if ids.contains(&id) {
                    faults.push(format!("two elements have the id {id}"));
                }
                ids.push(id);
            }
        }
        let is_labelled = |element: &Element| {
            let id = element.attribute("id");
            let label =
                self.named("label").any(|label| id.is_some() && label.attribute("for") == id);
            label
                || element.attribute("aria-label").is_some()
                || element.attribute("type") == Some("hidden")
        };
        for name in ["input", "select", "textarea"] {
            let unlabelled = self.named(name).filter(|element| !is_labelled(element));
            faults.extend(unlabelled.map(|element| format!("{element:?} has no label")));
        }
        if self.named("script").count() != 1 || self.named("h1").count() != 1 {
            faults.push("a page has one script and one heading of the first level".to_owned());
        }
        faults
    }
}

fn add_text(node: &Handle, text: &mut String) {
    if let NodeData::Text { contents } = &node.data {
        text.push_str(&contents.borrow());
    }
    node.children.borrow().iter().for_each(|child| add_text(child, text));
}
