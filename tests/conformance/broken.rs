//! Facts about the suite: it finds each of these faults, in the fact that tests for it.

use std::collections::BTreeSet;

use pyaday_core::MemoryStore;
use pyaday_core::conformance::{self, CannotReopen};

use super::faulty::Faulty;

/// Stores with one fault. They can be opened again.
struct Subject(Fault);

impl conformance::Subject for Subject {
    type Store = Faulty;

    fn empty(&self) -> Faulty {
        Faulty::new(self.0)
    }

    fn reopen(&self, store: Faulty) -> Result<Faulty, CannotReopen> {
        Ok(store.reopened())
    }
}

#[test]
fn the_faulty_store_without_a_fault_conforms() {
    conformance::run(&Subject(Fault::None)).assert_complete();
}

#[test]
#[should_panic(expected = "an empty store answers every call: this does not hold")]
fn the_suite_fails_with_the_fact_first() {
    drop(conformance::run(&Subject(Fault::DeleteFails)));
}

#[test]
fn the_report_says_which_facts_were_skipped_and_why() {
    let report = conformance::run(&MemoryStore::new);
    let facts = conformance::facts::<fn() -> MemoryStore>();
    assert_eq!(report.held().len() + report.skipped().len(), facts.len());
    assert!(report.skipped().iter().all(|skipped| skipped.fact.contains("opened again")));
    let kept = "skipped: a store that is opened again has its packages (the store cannot be opened \
                again: the subject is a function that only makes new stores)";
    assert!(report.to_string().contains(kept), "{report}");
}

#[test]
#[should_panic(expected = "skipped: a store that is opened again has its packages")]
fn a_report_with_skipped_facts_is_incomplete() {
    conformance::run(&MemoryStore::new).assert_complete();
}

#[test]
fn names_of_facts_are_unique() {
    let facts = conformance::facts::<fn() -> MemoryStore>();
    let names: BTreeSet<_> = facts.iter().map(conformance::Fact::name).collect();
    assert_eq!(names.len(), facts.len());
}

/// The fault of a [`Faulty`] store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    None,
    // Faults of single calls, one after another.
    DeleteFails,
    ReadPanics,
    CreateReplaces,
    BatchInOrderOfNames,
    UpdateLosesSpelling,
    UpdateKeepsTags,
    UnchangedIsWritten,
    UpdateIgnoresExpected,
    UpdateCreates,
    DeleteIgnoresExpected,
    RevisionOfDeleteIsForgotten,
    RevisionIsUsedAgain,
    RefusedTakesARevision,
    ListInDictionaryOrder,
    PageBeginsWithAfter,
    FullPageHasNext,
    AnyTagWillDo,
    WordMayBeInTags,
    AnyWordWillDo,
    WordsInExactCase,
    WordsInAsciiCase,
    WordsInLowerCaseOfStr,
    WordsWithWildcards,
    IdIsDrawnEachTime,
    IdIsShared,
    RefreshFails,
    RevisionsWithoutClock,
    // Faults of new spellings.
    SpellingIsKept,
    RespelledIsUnchanged,
    SameSpellingIsWritten,
    // Faults of the terms of writes.
    CreateIgnoresTerms,
    CreateIsAskedAboutItsName,
    CreateLooksBeforeItAsks,
    UpdateIsAskedAboutTheStore,
    UpdateAsksAboutNoneFirst,
    DeleteAsksAboutNoneFirst,
    PinIgnoresTerms,
    UnpinIgnoresTerms,
    PinAsksWhatIsFixed,
    // Faults at the limits.
    MetadataIsSorted,
    NumbersAreFloats,
    // Faults when callers leave, or when many calls overlap.
    CreateEndsWithItsCaller,
    CreateLooksThenWrites,
    BatchLooksThenWrites,
    UpdateLooksThenWrites,
    DeleteLooksThenWrites,
    CreateAsksThenWrites,
    BatchIsSeenHalf,
    PageOfTwoMoments,
    // Faults of draws.
    RandomOfFirstHalf,
    RandomByRemainder,
    RandomByNearestNumber,
    SampleRepeats,
    SampleIgnoresTag,
    SampleInOrder,
    SampleOfTagInOrder,
    SampleRotates,
    SeedIsIgnored,
    // Faults of the package of the day.
    DayByOrderOfNames,
    DaysRepeat,
    NewCycleRepeatsYesterday,
    NewCycleRepeatsTomorrow,
    DayFollowsItsPackage,
    GoneIsNotTold,
    PastIsPinned,
    PinStays,
    OldestDaysFirst,
    DayLooksThenOpens,
    PinLooksThenWrites,
    // Faults of pins.
    PinHasRevisionOfPackage,
    RepeatedPinIsWritten,
    PinsInOrderOfWrites,
    PinsFromTheFirst,
    PinsWithoutCount,
    UsedPinStays,
    PinGoesWithItsPackage,
    PinAsksThenWrites,
    UnpinAsksThenWrites,
    // Faults of days that are opened together.
    NothingOpenedTakesARevision,
    LatestDayFirst,
    EachDayIsAWrite,
    DaysEndAtAnOpenOne,
    DaysIgnorePins,
    DaysLookThenOpen,
    // Faults of histories.
    StaleUpdateIsSeen,
    // Faults after the store is opened again.
    NothingIsKept,
    IdIsForgotten,
    DaysAreForgotten,
    PinsAreForgotten,
    RevisionsGoBack,
    RevisionsBeginAnew,
    CycleIsForgotten,
}

/// Checks that the suite finds a fault in this fact, and that all earlier facts hold.
fn found(fault: Fault, expected: &str) {
    let subject = Subject(fault);
    let broken = conformance::facts()
        .into_iter()
        .find_map(|fact| fact.check(&subject).err())
        .unwrap_or_else(|| panic!("the suite did not find {fault:?}"));
    assert_eq!(broken.fact(), expected, "{broken}");
}

macro_rules! controls {
    ($($test:ident: $fault:ident => $fact:literal;)*) => {
        $(#[test]
        fn $test() {
            found(Fault::$fault, $fact);
        })*
    };
}

controls! {
    finds_a_delete_that_fails: DeleteFails
        => "an empty store answers every call";
    finds_a_read_that_panics: ReadPanics
        => "an empty store answers every call";
    finds_a_create_that_replaces: CreateReplaces
        => "a name that exists is not created again, in any spelling";
    finds_a_batch_answered_in_order_of_names: BatchInOrderOfNames
        => "a batch is answered in its own order";
    finds_an_update_that_loses_the_spelling: UpdateLosesSpelling
        => "an update without a spelling replaces all but the name";
    finds_an_update_that_keeps_tags: UpdateKeepsTags
        => "an update without a spelling replaces all but the name";
    finds_an_update_that_writes_the_same: UnchangedIsWritten
        => "an update with equal details writes nothing";
    finds_an_update_that_ignores_the_expected_revision: UpdateIgnoresExpected
        => "an update in another revision than expected writes nothing";
    finds_an_update_that_creates: UpdateCreates
        => "an empty store answers every call";
    finds_a_delete_that_ignores_the_expected_revision: DeleteIgnoresExpected
        => "a delete in another revision than expected writes nothing";
    finds_a_delete_without_a_revision: RevisionOfDeleteIsForgotten
        => "a delete changes the store's revision";
    finds_a_revision_used_again: RevisionIsUsedAgain
        => "no revision is used again after a delete";
    finds_a_refusal_that_takes_a_revision: RefusedTakesARevision
        => "a name that exists is not created again, in any spelling";
    finds_a_dictionary_order: ListInDictionaryOrder
        => "a list is in the byte order of the normalised names";
    finds_a_page_that_begins_with_after: PageBeginsWithAfter
        => "a page begins after a name, whether or not it exists";
    finds_a_next_on_the_last_page: FullPageHasNext
        => "a page is as long as its limit, and the last one says so";
    finds_any_tag_for_all: AnyTagWillDo
        => "a list by tags holds the packages that carry all of them";
    finds_words_in_tags: WordMayBeInTags
        => "a word may be in the normalised name or in the description";
    finds_any_word_for_all: AnyWordWillDo
        => "each of several words must occur";
    finds_words_compared_with_their_case: WordsInExactCase
        => "words are compared in lower case, beyond ASCII too";
    finds_words_compared_in_ascii_case: WordsInAsciiCase
        => "words are compared in lower case, beyond ASCII too";
    finds_words_compared_in_the_lower_case_of_words: WordsInLowerCaseOfStr
        => "words are compared in lower case, beyond ASCII too";
    finds_wildcards_in_words: WordsWithWildcards
        => "a word has no wildcards and no escapes";
    finds_sorted_keys: MetadataIsSorted
        => "the members of metadata keep their order, at every level";
    finds_numbers_as_floats: NumbersAreFloats
        => "numbers of metadata are kept to the digit";
    finds_a_create_that_ends_with_its_caller: CreateEndsWithItsCaller
        => "a create runs to its end when its future is dropped";
    finds_a_create_that_looks_then_writes: CreateLooksThenWrites
        => "of many that create a name at once, one does";
    finds_a_batch_that_looks_then_writes: BatchLooksThenWrites
        => "of many that create a batch at once, one does";
    finds_an_update_that_looks_then_writes: UpdateLooksThenWrites
        => "of many that update one revision at once, one does";
    finds_a_delete_that_looks_then_writes: DeleteLooksThenWrites
        => "of many that delete a package at once, one does";
    finds_a_batch_that_is_seen_half: BatchIsSeenHalf
        => "no reader sees a part of a batch";
    finds_a_page_of_two_moments: PageOfTwoMoments
        => "a page shows one moment, that of its revision";
    finds_a_draw_of_the_first_half: RandomOfFirstHalf
        => "each package is equally likely to be drawn";
    finds_a_draw_by_remainder: RandomByRemainder
        => "each package is equally likely to be drawn";
    finds_a_draw_over_gaps: RandomByNearestNumber
        => "each package is equally likely to be drawn";
    finds_a_sample_with_repetition: SampleRepeats
        => "a sample is of different packages, as many as asked for or all";
    finds_a_sample_without_its_tag: SampleIgnoresTag
        => "a sample by tag is of the packages that carry it";
    finds_a_sample_in_order: SampleInOrder
        => "each sequence of packages is equally likely to be sampled";
    finds_a_sample_of_a_tag_in_order: SampleOfTagInOrder
        => "each sequence of tagged packages is as likely";
    finds_a_sample_of_neighbours: SampleRotates
        => "each sequence of packages is equally likely to be sampled";
    finds_a_draw_without_its_seed: SeedIsIgnored
        => "the seed decides a draw";
    finds_a_day_by_order_of_names: DayByOrderOfNames
        => "a day shows the package with the highest score";
    finds_days_that_repeat: DaysRepeat
        => "nothing is shown again until everything was";
    finds_a_new_cycle_that_begins_with_yesterday: NewCycleRepeatsYesterday
        => "nothing is shown again until everything was";
    finds_a_day_that_follows_its_package: DayFollowsItsPackage
        => "a day stays as it was shown, and tells when its package is gone";
    finds_a_package_that_is_gone_untold: GoneIsNotTold
        => "a day stays as it was shown, and tells when its package is gone";
    finds_a_pin_of_the_past: PastIsPinned
        => "a pinned package is shown, once, on its day";
    finds_a_pin_that_stays: PinStays
        => "a pin that is taken back does not count";
    finds_the_oldest_days_first: OldestDaysFirst
        => "the newest days are listed first, up to a date";
    finds_a_day_that_is_opened_twice: DayLooksThenOpens
        => "of many that open a day at once, all are shown the same";
    finds_a_pin_that_comes_too_late: PinLooksThenWrites
        => "a pin and the opening of its day come one after the other";
    finds_an_update_that_is_seen_though_refused: StaleUpdateIsSeen
        => "what threads are answered at once could come one after another";
    finds_an_identity_drawn_each_time: IdIsDrawnEachTime
        => "a store has one identity, and no other store has it";
    finds_an_identity_that_is_shared: IdIsShared
        => "a store has one identity, and no other store has it";
    finds_a_refresh_that_fails: RefreshFails
        => "reads after a refresh show what was written";
    finds_revisions_that_do_not_follow_the_clock: RevisionsWithoutClock
        => "a revision is at least the clock's microseconds";
    finds_a_spelling_that_is_kept: SpellingIsKept
        => "an update that gives another spelling stores it";
    finds_a_spelling_that_counts_as_unchanged: RespelledIsUnchanged
        => "an update that gives another spelling stores it";
    finds_the_same_spelling_written: SameSpellingIsWritten
        => "an update that gives the same spelling and details writes nothing";
    finds_a_create_that_ignores_its_terms: CreateIgnoresTerms
        => "a create is asked about the store's newest revision";
    finds_a_create_that_is_asked_about_its_name: CreateIsAskedAboutItsName
        => "a create is asked about the store's newest revision";
    finds_a_create_that_looks_before_it_asks: CreateLooksBeforeItAsks
        => "a create on other terms than the newest revision writes nothing";
    finds_an_update_that_is_asked_about_the_store: UpdateIsAskedAboutTheStore
        => "an update in the expected revision is done";
    finds_an_update_that_asks_about_none: UpdateAsksAboutNoneFirst
        => "an update is asked about the revision that it replaces";
    finds_a_delete_that_asks_about_none: DeleteAsksAboutNoneFirst
        => "a delete is asked about the revision that it removes";
    finds_a_create_that_asks_then_writes: CreateAsksThenWrites
        => "of many that create in one revision of the store at once, one does";
    finds_a_new_cycle_that_begins_with_tomorrow: NewCycleRepeatsTomorrow
        => "a new cycle leaves out what the days before and after show";
    finds_a_pin_in_the_revision_of_its_package: PinHasRevisionOfPackage
        => "a pin is read as it was made";
    finds_a_repeated_pin_that_is_written: RepeatedPinIsWritten
        => "the same pin again writes nothing";
    finds_pins_in_the_order_of_writes: PinsInOrderOfWrites
        => "pins are listed by their dates, those after a date, as many as asked for";
    finds_pins_listed_from_the_first: PinsFromTheFirst
        => "pins are listed by their dates, those after a date, as many as asked for";
    finds_more_pins_than_asked_for: PinsWithoutCount
        => "pins are listed by their dates, those after a date, as many as asked for";
    finds_a_pin_that_stays_when_its_day_is_opened: UsedPinStays
        => "a pin is there until its day is opened or it is taken back";
    finds_a_pin_that_goes_with_its_package: PinGoesWithItsPackage
        => "a pin stays when its package is changed, deleted or created anew";
    finds_a_pin_that_ignores_its_terms: PinIgnoresTerms
        => "a pin is asked about the date's pin, or about none";
    finds_a_pin_taken_back_on_no_terms: UnpinIgnoresTerms
        => "the removal of a pin is asked about the pin's revision";
    finds_a_pin_that_asks_about_what_is_fixed: PinAsksWhatIsFixed
        => "terms do not change the result for what is absent or fixed";
    finds_a_pin_that_asks_then_writes: PinAsksThenWrites
        => "of many that pin a date on the same terms at once, one does";
    finds_a_pin_taken_back_twice: UnpinAsksThenWrites
        => "of many that take back one pin at once, one does";
    finds_a_revision_for_nothing_opened: NothingOpenedTakesARevision
        => "an empty store opens none of several days";
    finds_the_latest_day_opened_first: LatestDayFirst
        => "several days are opened in one write, the earliest first";
    finds_days_opened_in_several_writes: EachDayIsAWrite
        => "several days are opened in one write, the earliest first";
    finds_days_that_end_at_an_open_one: DaysEndAtAnOpenOne
        => "days that are open stay as they are when others are opened";
    finds_days_that_ignore_pins: DaysIgnorePins
        => "several days are opened as they would be one by one";
    finds_days_that_are_opened_twice: DaysLookThenOpen
        => "of many that open the same days at once, all are shown the same";
    finds_a_store_that_keeps_nothing: NothingIsKept
        => "a store that is opened again has its packages";
    finds_an_identity_that_is_forgotten: IdIsForgotten
        => "a store that is opened again has its identity";
    finds_days_that_are_forgotten: DaysAreForgotten
        => "a store that is opened again has its days";
    finds_pins_that_are_forgotten: PinsAreForgotten
        => "a store that is opened again has its pins";
    finds_revisions_that_go_back: RevisionsGoBack
        => "a store that is opened again has its newest revision";
    finds_revisions_that_begin_anew: RevisionsBeginAnew
        => "a store that is opened again goes on with greater revisions";
    finds_a_cycle_that_is_forgotten: CycleIsForgotten
        => "any sequence of calls is answered as the contract has it, the store being opened again";
}
