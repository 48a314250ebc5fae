//! A directory with results of earlier runs: a file for each question, with every search that has answered it.
//!
//! A file that is no plain file, cannot be read, is damaged or was written for another question counts as none. Files are written as a whole,
//! so processes may share a directory; what two of them find at once, one may forget.

use std::fs;
use std::path::{Path, PathBuf};

use cowrace_check::checkpoint::digest;
use cowrace_check::stored::{Question, Stored};
use cowrace_check::{Exploration, ResultCache, Task};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Failure, whole_file};

/// A directory of results.
#[derive(Debug)]
pub(crate) struct CacheDir(PathBuf);

/// The place of the results of a scenario. What was found is written when the value is dropped.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    file: Option<(PathBuf, Question)>,
    new: Vec<Stored>,
}

/// A file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'t> {
    /// Detects what was changed by accident.
    digest: String,
    #[serde(borrow)]
    answered: &'t RawValue,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    question: Question,
    searches: Vec<Stored>,
}

impl CacheDir {
    /// Opens a directory, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made, or is no directory.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(path)
            .map_err(|error| Failure::usage(format!("`--cache {}`: {error}", path.display())))?;
        Ok(Self(path.to_owned()))
    }
}

/// Searches, with the results of earlier runs for the same question if there is a directory of them, and stores new ones.
pub(crate) fn with<C: AsMut<ResultCache>, R>(
    cache: Option<&CacheDir>,
    (task, text): (&Task<'_>, &str),
    how: &Exploration<'_>,
    (slot, results): (&mut Slot, &mut C),
    search: impl FnOnce(&mut C) -> R,
) -> R {
    slot.fill(cache, (task, text), how, results.as_mut());
    let result = search(results);
    slot.keep(results.as_mut());
    result
}

impl Slot {
    /// Adds the results of earlier runs for a question, if there is a directory of them. A slot is for one question.
    pub(crate) fn fill(
        &mut self,
        cache: Option<&CacheDir>,
        (task, text): (&Task<'_>, &str),
        how: &Exploration<'_>,
        results: &mut ResultCache,
    ) {
        let Some(CacheDir(directory)) = cache.filter(|_| self.file.is_none()) else { return };
        if let Some(question) = Question::of(task, text, how)
            && let Ok(asked) = serde_json::to_string(&question)
        {
            let file = directory.join(format!("{}.json", digest(&asked)));
            results.add_stored(read(&file, &question));
            self.file = Some((file, question));
        }
    }

    /// Notes the results that are to be written.
    pub(crate) fn keep(&mut self, results: &ResultCache) {
        if let Some((_, question)) = &self.file {
            self.new = results.to_store().filter(|search| question.is_answered_by(search)).collect();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some((file, question)) = self.file.take() else { return };
        if self.new.is_empty() {
            return;
        }
        // Others may have written meanwhile.
        let mut searches = read(&file, &question);
        searches.append(&mut self.new);
        // A result that could not be stored is searched again.
        let _ = write(&file, &Answered { question, searches });
    }
}

/// The searches of a file that answer a question.
fn read(file: &Path, question: &Question) -> Vec<Stored> {
    let answered = whole_file::read(file).ok().and_then(|text| {
        let entry: Entry<'_> = serde_json::from_str(&text).ok()?;
        let text = entry.answered.get();
        (entry.digest == digest(text)).then(|| serde_json::from_str::<Answered>(text).ok())?
    });
    answered
        .filter(|answered| answered.question == *question)
        .map(|answered| answered.searches)
        .unwrap_or_default()
}

fn write(file: &Path, answered: &Answered) -> std::io::Result<()> {
    let answered = serde_json::value::to_raw_value(answered)?;
    let digest = digest(answered.get());
    whole_file::write(file, &serde_json::to_string(&Entry { digest, answered: &answered })?)
}
