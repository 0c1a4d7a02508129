//! Encoded values as text.

use std::fmt::{self, Write};

use crate::{
    key::encode::read::{Content, Piece, Reader},
    portable,
};

/// How text is written inside a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    People,
    /// So that it is part of a file name, and that no other value is written like it.
    Names,
    /// The same without underscores.
    NamesAlone,
}

/// Words that a text would be mistaken for.
const WORDS: &[&str] = &["none", "true", "false", "nan", "inf"];

/// Writes the next value.
pub(super) fn value(reader: &mut Reader<'_>, style: Style, out: &mut impl Write) -> fmt::Result {
    match reader.piece().ok_or(fmt::Error)? {
        Piece::Unit => out.write_str("()"),
        Piece::None => out.write_str("none"),
        Piece::Some if looks_like_none(*reader) => {
            out.write_str("some(")?;
            value(reader, style, out)?;
            out.write_char(')')
        }
        Piece::Some | Piece::Wrapped => value(reader, style, out),
        Piece::Bool(it) => write!(out, "{it}"),
        Piece::Unsigned(number) => write!(out, "{number}"),
        Piece::Signed(number) => write!(out, "{number}"),
        Piece::F32(number) if number.is_nan() => write!(out, "nan({:x})", number.to_bits()),
        Piece::F64(number) if number.is_nan() => write!(out, "nan({:x})", number.to_bits()),
        Piece::F32(number) => write!(out, "{number:?}"),
        Piece::F64(number) => write!(out, "{number:?}"),
        Piece::Char(it) => text(it.encode_utf8(&mut [0; 4]), style, out),
        Piece::Text(it) => text(it, style, out),
        Piece::Bytes(bytes) => {
            out.write_str("0x")?;
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
        }
        Piece::List(count) => list(count, "[]", out, |out| value(reader, style, out)),
        Piece::Map(count) => list(count, "{}", out, |out| {
            value(reader, style, out)?;
            out.write_char('=')?;
            value(reader, style, out)
        }),
        Piece::Fields(count) => fields(count, reader, style, out),
        Piece::Variant(name, content) => {
            text(name, style, out)?;
            match content {
                Content::Nothing => Ok(()),
                Content::One => list(1, "()", out, |out| value(reader, style, out)),
                Content::List(count) => list(count, "()", out, |out| value(reader, style, out)),
                Content::Fields(count) => fields(count, reader, style, out),
            }
        }
    }
}

/// Whether `Some` of the next value must be told from `None`: of a `None`, or of what is written like such a `Some`.
fn looks_like_none(mut reader: Reader<'_>) -> bool {
    loop {
        match reader.piece() {
            Some(Piece::Some | Piece::Wrapped) => {}
            Some(Piece::None) => return true,
            Some(Piece::Variant(name, content)) => {
                return name == "some" && matches!(content, Content::One | Content::List(_));
            }
            _ => return false,
        }
    }
}

fn fields(count: usize, reader: &mut Reader<'_>, style: Style, out: &mut impl Write) -> fmt::Result {
    list(count, "{}", out, |out| {
        text(reader.name().ok_or(fmt::Error)?, style, out)?;
        out.write_char('=')?;
        value(reader, style, out)
    })
}

/// Values with commas between them, in brackets.
fn list<W: Write>(
    count: usize,
    brackets: &str,
    out: &mut W,
    mut one: impl FnMut(&mut W) -> fmt::Result,
) -> fmt::Result {
    let (open, close) = brackets.split_at(1);
    out.write_str(open)?;
    for at in 0..count {
        if at > 0 {
            out.write_char(',')?;
        }
        one(out)?;
    }
    out.write_str(close)
}

/// Writes a text: in a name with an apostrophe before it where it would be taken for something else.
pub(super) fn text(text: &str, style: Style, out: &mut impl Write) -> fmt::Result {
    if style == Style::People {
        return out.write_str(text);
    }
    if text.is_empty()
        || text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        || WORDS.contains(&text)
    {
        out.write_char('\'')?;
    }
    text.chars().try_for_each(|character| match character {
        '_' if style == Style::NamesAlone => portable::escape(character, out),
        'a'..='z' | '0'..='9' | '_' | '.' | '-' => out.write_char(character),
        ' ' => out.write_char('+'),
        other => portable::escape(other, out),
    })
}

/// Writes what the source calls a function or an argument: its case does not tell it from others.
pub(super) fn label(label: &str, out: &mut impl Write) -> fmt::Result {
    label.chars().try_for_each(|character| match character.to_ascii_lowercase() {
        plain @ ('a'..='z' | '0'..='9' | '_' | '.' | '-') => out.write_char(plain),
        other => portable::escape(other, out),
    })
}
