use crate::annotations;
use crate::error::{Field, FormatError};
use crate::format::{Encoded, EventForm, Format, Kind};
use crate::line::{self, Line, Overlong};
use crate::number;
use crate::point::{Encode, POINT_GUESS, Point};
use crate::tags::Tags;
use crate::time::Millis;

/// An event: something that happened at a time or over a time, shown upon charts.
///
/// It takes one of two forms, chosen by [`Format::event_form`]: a line for a proxy, or a JSON object for the service
/// itself. The parts of an event have no limit but the line's.
///
/// ```
/// use wf_format::{Event, EventForm, Format};
///
/// let event = Event::new("event name", 1592200048000)
///     .end(1592201048000)
///     .annotations(&[("severity", "info")])
///     .hosts(&["localhost"])
///     .tags(&["env"]);
/// let mut buf = [0; 256];
/// assert_eq!(
///     event.encode(&mut buf)?.line,
///     b"@Event 1592200048000 1592201048000 \"event name\" severity=\"info\" host=\"localhost\" tag=\"env\"\n"
/// );
/// let direct = Format::DEFAULT.event_form(EventForm::Json);
/// assert_eq!(
///     core::str::from_utf8(direct.encode(&event, &mut buf)?.line).unwrap(),
///     concat!(
///         r#"{"name":"event name","annotations":{"severity":"info"},"hosts":["localhost"],"#,
///         r#""startTime":1592200048000,"endTime":1592201048000,"tags":["env"]}"#,
///         "\n"
///     )
/// );
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Debug)]
pub struct Event<'a, A: ?Sized = ()> {
    name: &'a str,
    start: Millis,
    end: Option<Millis>,
    annotations: &'a A,
    hosts: &'a [&'a str],
    tags: &'a [&'a str],
}

impl<'a> Event<'a> {
    /// Makes an instant event without annotations, hosts or tags.
    ///
    /// `start` counts milliseconds since the epoch and must be positive: the service takes 0 for now. In the line form a
    /// time below 10^12 is read as seconds, and one from 10^13 on (the year 2286) as microseconds.
    #[inline]
    pub fn new(name: &'a str, start: impl Into<Millis>) -> Self {
        Self { name, start: start.into(), end: None, annotations: &(), hosts: &[], tags: &[] }
    }
}

impl<'a, A: Tags + ?Sized> Event<'a, A> {
    /// Sets the end, in milliseconds since the epoch. Default, also for one that is not later than the start: one
    /// millisecond after the start, which is what the receiver makes of an instant.
    #[inline]
    #[must_use]
    pub fn end(mut self, end: impl Into<Millis>) -> Self {
        self.end = Some(end.into());
        self
    }

    /// Sets the annotations, replacing those set before. Default: none.
    ///
    /// The service knows `severity`, `type` and `details`. Keys have the alphabet of point tag keys; of a key given
    /// twice the last is kept. The keys `host`, `tag` and `eventTag` are refused: the receiver would take them for hosts
    /// and tags.
    #[inline]
    #[must_use]
    pub const fn annotations<B: Tags + ?Sized>(self, annotations: &'a B) -> Event<'a, B> {
        Event {
            name: self.name,
            start: self.start,
            end: self.end,
            annotations,
            hosts: self.hosts,
            tags: self.tags,
        }
    }

    /// Sets the hosts, which are the sources that the event concerns; blank ones are left out. Default, also if all are
    /// blank: the format's default source.
    #[inline]
    #[must_use]
    pub const fn hosts(mut self, hosts: &'a [&'a str]) -> Self {
        self.hosts = hosts;
        self
    }

    /// Sets the tags, which are plain texts. Default: none. The format's point tags are not added.
    #[inline]
    #[must_use]
    pub const fn tags(mut self, tags: &'a [&'a str]) -> Self {
        self.tags = tags;
        self
    }

    /// Encodes the event with [`Format::DEFAULT`].
    ///
    /// # Errors
    ///
    /// As [`Format::encode`].
    #[inline]
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<Encoded<'b>, FormatError> {
        Format::DEFAULT.encode(self, buf)
    }

    /// The start and the end, which is later.
    fn times(&self) -> Result<(i64, i64), FormatError> {
        let Millis(start) = self.start;
        let instant = start.checked_add(1).filter(|_| start > 0);
        let instant = instant.ok_or(FormatError::OutOfRange(Field::Start))?;
        Ok((start, self.end.map_or(instant, |Millis(end)| end.max(instant))))
    }

    fn write_line(&self, line: &mut Line<'_, '_>) -> Result<(), FormatError> {
        let (start, end) = self.times()?;
        number::integer(line, b"@Event ", start)?;
        // Always written: without it a name that starts with a digit would be read as the end.
        number::integer(line, b" ", end)?;
        line.put(b" ")?;
        line.text(self.name, Field::Name, usize::MAX, Overlong::Refuse)?;
        annotations::write(line, EventForm::Line, self.annotations)?;
        self.each_host(line, |line, host| {
            line.put(b" host=")?;
            line.text(host, Field::Source, usize::MAX, Overlong::Refuse)
        })?;
        for tag in self.tags {
            line.put(b" tag=")?;
            line.text(tag, Field::Tag, usize::MAX, Overlong::Refuse)?;
        }
        Ok(())
    }

    fn write_json(&self, line: &mut Line<'_, '_>) -> Result<(), FormatError> {
        let (start, end) = self.times()?;
        line.put(b"{\"name\":")?;
        line.json_text(self.name, Field::Name)?;
        // The service wants this even if there are none.
        line.put(b",\"annotations\":{")?;
        annotations::write(line, EventForm::Json, self.annotations)?;
        line.put(b"},\"hosts\":[")?;
        let mut comma: &[u8] = b"";
        self.each_host(line, |line, host| {
            line.put(core::mem::replace(&mut comma, b","))?;
            line.json_text(host, Field::Source)
        })?;
        number::integer(line, b"],\"startTime\":", start)?;
        number::integer(line, b",\"endTime\":", end)?;
        let mut open: &[u8] = b",\"tags\":[";
        for tag in self.tags {
            line.put(core::mem::replace(&mut open, b","))?;
            line.json_text(tag, Field::Tag)?;
        }
        line.put(if self.tags.is_empty() { b"}" } else { b"]}" })
    }

    /// Writes each host that is not blank, or the default source.
    fn each_host(
        &self,
        line: &mut Line<'_, '_>,
        mut write: impl FnMut(&mut Line<'_, '_>, &str) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        let mut any = false;
        for host in self.hosts.iter().filter(|host| !line::is_blank_text(host)) {
            write(line, host)?;
            any = true;
        }
        if any {
            return Ok(());
        }
        let source = line.format.default_source.ok_or(FormatError::MissingSource)?;
        write(line, source)
    }
}

impl<A: ?Sized> Clone for Event<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: ?Sized> Copy for Event<'_, A> {}

impl<A: Tags + ?Sized> Point for Event<'_, A> {
    fn kind(&self) -> Kind {
        Kind::Event
    }
}

impl<A: Tags + ?Sized> Encode for Event<'_, A> {
    fn size_guess(&self) -> usize {
        POINT_GUESS
    }

    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        match line.format.event_form {
            EventForm::Line => self.write_line(line)?,
            EventForm::Json => self.write_json(line)?,
        }
        line.end()?;
        Ok(Kind::Event)
    }
}
