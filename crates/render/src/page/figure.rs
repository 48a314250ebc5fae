//! Memory as a drawing: boxes at places that stay the same throughout, and for each moment what their lines say.

use std::collections::{BTreeMap, BTreeSet};

use cowrace_report::explanation::Memory;
use cowrace_report::{Kind, Word};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::memory::{Place, Presence, Sort, content, label, presence, target};

/// The width of a character, in units of the drawing.
const CHARACTER: usize = 8;
/// The height of a line.
const LINE: usize = 18;
/// The height of a title.
const TITLE: usize = 24;
/// The space around the text of a box.
const PADDING: usize = 8;
/// The space between two boxes of a column, above the first and below the last: arrows cross the column there.
const GAP: usize = 16;
/// The space between columns, which has arrows.
const AISLE: usize = 72;
/// The space to the left and to the right of everything.
const MARGIN: usize = 4;

/// Which boxes stand in which column, from left to right. What refers to pages stands on both sides of them.
const COLUMNS: [&[Sort]; 4] =
    [&[Sort::Tlb], &[Sort::Mm], &[Sort::Page, Sort::Slot], &[Sort::Variables, Sort::Batch, Sort::Kernel]];

/// The boxes of a drawing.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figure {
    width: usize,
    height: usize,
    boxes: Vec<Shape>,
}

/// A box.
#[derive(Clone, Debug, Serialize)]
struct Shape {
    sort: Sort,
    title: String,
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    /// Where the values of its lines begin, from its left side.
    indent: usize,
    /// The names of its lines. Lines are numbered throughout all boxes.
    lines: Vec<String>,
}

/// What has changed since the frame before: for the first frame, since nothing was there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Frame {
    /// Lines by number, with what they say, and the number of the box that they refer to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<(usize, String, Option<usize>)>,
    /// Boxes by number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    boxes: Vec<(usize, Presence)>,
}

/// A box before it has a place.
struct Content {
    place: Place,
    words: Vec<Word>,
}

/// Lays out everything that any of these executions has, each a sequence of moments, and says what changes from moment to
/// moment.
pub(super) fn figure(executions: &[&[Memory]]) -> (Figure, Vec<Vec<Frame>>) {
    let contents = contents(executions);
    let frames = executions.iter().map(|moments| frames(&contents, moments)).collect();
    let widest = |word: &Word| {
        let texts = executions.iter().copied().flatten().map(|memory| content(memory, word).0.width());
        texts.max().unwrap_or(0)
    };
    (laid_out(&contents, widest), frames)
}

/// The boxes from left to right, each column from top to bottom, with their words.
fn contents(executions: &[&[Memory]]) -> Vec<Content> {
    let moments = || executions.iter().copied().flatten();
    let mut places: BTreeMap<Place, BTreeSet<Word>> = BTreeMap::new();
    for word in moments().flat_map(|memory| memory.words.keys()) {
        if let Some(place) = Place::of(word) {
            places.entry(place).or_default().insert(word.clone());
        }
    }
    // Pages to which nothing ever refers have nothing to do with it.
    let referred: BTreeSet<Place> =
        moments().flat_map(|memory| memory.words.values().filter_map(target)).collect();
    places.retain(|place, _| place.sort != Sort::Page || referred.contains(place));
    // A word that is zero throughout is not known. What is in one page is shown of all.
    let is_content = |word: &&Word| word.kind == Kind::Content;
    let content: BTreeSet<Option<u8>> =
        places.values().flatten().filter(is_content).map(|word| word.nth).collect();
    for words in places.values_mut() {
        let Some(known) = words.iter().find(is_content).cloned() else { continue };
        words.extend(content.iter().map(|&nth| Word { nth, ..known.clone() }));
    }
    let mut contents: Vec<Content> = Vec::new();
    for sort in COLUMNS.iter().copied().flatten() {
        let of_sort = places.iter().filter(|(place, _)| place.sort == *sort);
        contents.extend(
            of_sort.map(|(place, words)| Content {
                place: place.clone(),
                words: words.iter().cloned().collect(),
            }),
        );
    }
    contents
}

fn laid_out(contents: &[Content], widest: impl Fn(&Word) -> usize) -> Figure {
    let mut boxes = Vec::new();
    let (mut x, mut height) = (MARGIN, GAP);
    for column in COLUMNS {
        let of_column = contents.iter().filter(|content| column.contains(&content.place.sort));
        let mut y = GAP;
        let mut width = 0;
        let first = boxes.len();
        for Content { place, words } in of_column {
            let lines: Vec<String> = words.iter().map(label).collect();
            let labels = lines.iter().map(|line| line.width()).max().unwrap_or(0);
            let values = words.iter().map(&widest).max().unwrap_or(0);
            let indent = PADDING + (labels + 1) * CHARACTER;
            let text = (indent + values * CHARACTER).max(PADDING + place.title.width() * CHARACTER);
            let shape = Shape {
                sort: place.sort,
                title: place.title.clone(),
                x,
                y,
                width: text + PADDING,
                height: TITLE + lines.len() * LINE + PADDING,
                indent,
                lines,
            };
            y += shape.height + GAP;
            width = width.max(shape.width);
            boxes.push(shape);
        }
        if boxes.len() > first {
            boxes[first..].iter_mut().for_each(|shape| shape.width = width);
            x += width + AISLE;
            height = height.max(y);
        }
    }
    Figure { width: x.saturating_sub(AISLE) + MARGIN, height, boxes }
}

/// What changes from moment to moment.
fn frames(contents: &[Content], moments: &[Memory]) -> Vec<Frame> {
    let number = |place: &Place| contents.iter().position(|content| content.place == *place);
    let words: Vec<&Word> = contents.iter().flat_map(|content| &content.words).collect();
    let mut lines: Vec<Option<(String, Option<usize>)>> = vec![None; words.len()];
    let mut boxes: Vec<Presence> = vec![Presence::There; contents.len()];
    let mut frames = Vec::new();
    for memory in moments {
        let mut frame = Frame::default();
        for (nth, (line, word)) in lines.iter_mut().zip(&words).enumerate() {
            let (text, target) = content(memory, word);
            let is = Some((text, target.as_ref().and_then(number)));
            if *line != is {
                line.clone_from(&is);
                frame.lines.extend(is.map(|(text, target)| (nth, text, target)));
            }
        }
        for (nth, (known, content)) in boxes.iter_mut().zip(contents).enumerate() {
            let is = presence(memory, &content.place);
            if *known != is {
                *known = is;
                frame.boxes.push((nth, is));
            }
        }
        frames.push(frame);
    }
    frames
}
