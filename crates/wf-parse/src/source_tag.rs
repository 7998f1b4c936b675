use std::borrow::Cow;

use crate::problem::{At, Code, Fault, shown};
use crate::tags;
use crate::text;
use crate::tokens::Tokens;

/// Operations on the tags of a source: `@SourceTag action=<action> source=<source> <tag> …`.
///
/// `add` and `delete` are one operation for each tag; `save` is one that replaces the whole set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceTag<'a> {
    /// What to do.
    pub action: Action,
    /// The source; the receiver takes an empty one, and then asks the service for a broken path.
    pub source: Cow<'a, str>,
    /// The tags, at least one.
    pub tags: Vec<Cow<'a, str>>,
    ats: Vec<At>,
}

/// An operation on the description of a source: `@SourceDescription action=<action> source=<source> "<text>"`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceDescription<'a> {
    /// What to do; [`Action::Add`] acts as [`Action::Save`].
    pub action: Action,
    /// The source.
    pub source: Cow<'a, str>,
    /// The description; `None` only with [`Action::Delete`], which ignores it.
    pub description: Option<Cow<'a, str>>,
}

/// What an operation on a source does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Adds to what is there.
    Add,
    /// Takes away.
    Delete,
    /// Replaces what is there.
    Save,
}

impl Action {
    /// The word in the line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Delete => "delete",
            Self::Save => "save",
        }
    }
}

/// What both literals share: action, source, and bare values to the end.
struct Operation<'a> {
    description: bool,
    action: Action,
    source: Cow<'a, str>,
    values: Vec<Cow<'a, str>>,
    ats: Vec<At>,
    end: usize,
}

/// Either record.
pub(crate) enum Decoded<'a> {
    Tag(SourceTag<'a>),
    Description(SourceDescription<'a>),
}

pub(crate) fn decode(line: &str) -> Result<Decoded<'_>, Box<Fault>> {
    let operation = Operation::decode(line)?;
    let Operation { description, action, source, mut values, ats, end } = operation;
    if description {
        if values.len() > 1 {
            let at = ats.get(1).map_or(end, |at| at.0);
            let reason = "a description is one value; put it in quotes, without a key";
            return Err(Fault::new(Code::Syntax, at, reason));
        }
        if values.is_empty() && action != Action::Delete {
            return Err(Fault::new(
                Code::Syntax,
                end,
                "the description is missing; it follows action= and source=, in quotes",
            ));
        }
        let description = if values.is_empty() { None } else { Some(values.swap_remove(0)) };
        return Ok(Decoded::Description(SourceDescription { action, source, description }));
    }
    if values.is_empty() {
        return Err(Fault::new(
            Code::Syntax,
            end,
            "the source tag is missing; it follows action= and source=",
        ));
    }
    Ok(Decoded::Tag(SourceTag { action, source, tags: values, ats }))
}

impl<'a> Operation<'a> {
    fn decode(line: &'a str) -> Result<Self, Box<Fault>> {
        let mut tokens = Tokens::new(line);
        let literal = tokens.next()?.map_or(Cow::Borrowed(""), |token| token.text());
        let description = match &*literal {
            "@SourceTag" => false,
            "@SourceDescription" => true,
            other => {
                let reason =
                    format!("{} is not allowed here; write @SourceTag or @SourceDescription", shown(other));
                return Err(Fault::new(Code::Syntax, 0, reason));
            }
        };
        let (mut action, mut source) = (None, None);
        for _ in 0..2 {
            let Some(tag) = tags::pair(&mut tokens)? else { break };
            match &*tag.key {
                "action" => action = Some(read_action(&tag.value, tag.at)?),
                "source" => source = Some(tag.value),
                other => {
                    let reason =
                        format!("action= and source= come first; {} is not allowed there", shown(other));
                    return Err(Fault::new(Code::Syntax, tag.at.0, reason));
                }
            }
        }
        let end = tokens.end();
        let Some(action) = action else {
            return Err(Fault::new(
                Code::Syntax,
                end,
                "action= is missing; write action=add, save or delete",
            ));
        };
        let Some(source) = source else {
            return Err(Fault::new(Code::Syntax, end, "source= is missing; it stands beside action="));
        };
        let (mut values, mut ats) = (Vec::new(), Vec::new());
        while let Some(token) = tokens.next()? {
            values.push(token.text());
            ats.push(At(token.at));
        }
        Ok(Self { description, action, source, values, ats, end })
    }
}

fn read_action(word: &str, at: At) -> Result<Action, Box<Fault>> {
    [Action::Add, Action::Delete, Action::Save]
        .into_iter()
        .find(|action| word.eq_ignore_ascii_case(action.as_str()))
        .ok_or_else(|| {
            Fault::new(Code::Syntax, at.0, format!("{} is no action; write add, save or delete", shown(word)))
        })
}

impl SourceTag<'_> {
    pub(crate) fn check(&self) -> Result<(), Box<Fault>> {
        self.tags
            .iter()
            .zip(&self.ats)
            .try_for_each(|(tag, at)| text::check_name(tag, "source tags", Code::KeyCharacters, at.0))
    }

    /// One line for each operation.
    pub(crate) fn push_canonical(&self, out: &mut String) {
        let step = if self.action == Action::Save { self.tags.len() } else { 1 };
        for (i, operation) in self.tags.chunks(step.max(1)).enumerate() {
            if i > 0 {
                out.push('\n');
            }
            push_head("@SourceTag", self.action, &self.source, out);
            for tag in operation {
                out.push(' ');
                text::push_quoted(tag, out);
            }
        }
    }
}

impl SourceDescription<'_> {
    pub(crate) fn push_canonical(&self, out: &mut String) {
        push_head("@SourceDescription", self.action, &self.source, out);
        if let Some(description) = &self.description {
            out.push(' ');
            text::push_quoted(description, out);
        }
    }
}

fn push_head(literal: &str, action: Action, source: &str, out: &mut String) {
    out.push_str(literal);
    out.push_str(" action=");
    out.push_str(action.as_str());
    out.push_str(" source=");
    text::push_quoted(source, out);
}
