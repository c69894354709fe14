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

    /// The fault of a stale update shows only if another thread reads at the right moment. In one of four runs,
    /// no thread does so in 64 histories.
    fn cases(&self) -> u32 {
        if self.0 == Fault::StaleUpdateIsSeen { 640 } else { 64 }
    }
}

#[test]
fn the_faulty_store_without_a_fault_conforms() {
    conformance::run(&Subject(Fault::None)).assert_complete_without_history();
}

#[test]
#[should_panic(expected = "an empty store returns a result for every call: this does not hold")]
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
    // Faults of searches.
    WordsCutAtSpaces,
    WordsWithMarks,
    WordsInLowerCase,
    AnyWordWillDo,
    DescriptionsAnywhere,
    ShortWordsAnywhere,
    TagsAreNotSearched,
    ImportNamesAreNotSearched,
    KeywordsAreNotSearched,
    EmptySearchFindsNothing,
    AllPlacesAreEqual,
    ExactNameIsNotFirst,
    JoinedNameIsNotNext,
    RankIsIgnored,
    PhraseIsIgnored,
    TiesInReverse,
    SortIsIgnored,
    TotalOfThePage,
    TotalOnEveryPage,
    NothingIsSuggested,
    NeighboursAreSuggested,
    PageBeginsAfterItsPackage,
    // Faults of selections.
    SelectionByRelevance,
    SelectionBeginsAfter,
    SelectionIsOnePage,
    SelectionRepeats,
    SelectionTotalOfPage,
    SelectionIgnoresLimit,
    SelectionHasRevisionOfPackages,
    WritesWaitForSelections,
    SelectionOfManyMoments,
    SelectionOfTwoMoments,
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
    UpdateWaitsInItsCaller,
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
        => "an empty store returns a result for every call";
    finds_a_read_that_panics: ReadPanics
        => "an empty store returns a result for every call";
    finds_a_create_that_replaces: CreateReplaces
        => "a name that exists is not created again, in any spelling";
    finds_a_batch_answered_in_order_of_names: BatchInOrderOfNames
        => "the results of a batch are in the order of the batch";
    finds_an_update_that_loses_the_spelling: UpdateLosesSpelling
        => "an update without a spelling replaces all but the name";
    finds_an_update_that_keeps_tags: UpdateKeepsTags
        => "an update without a spelling replaces all but the name";
    finds_an_update_that_writes_the_same: UnchangedIsWritten
        => "an update with equal details writes nothing";
    finds_an_update_that_ignores_the_expected_revision: UpdateIgnoresExpected
        => "an update that expects another revision writes nothing";
    finds_an_update_that_creates: UpdateCreates
        => "an empty store returns a result for every call";
    finds_a_delete_that_ignores_the_expected_revision: DeleteIgnoresExpected
        => "a delete that expects another revision writes nothing";
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
        => "a page is as long as its limit, and the last page says that it is the last";
    finds_any_tag_for_all: AnyTagWillDo
        => "a list by tags has the packages that have all of the tags";
    finds_words_cut_at_spaces: WordsCutAtSpaces
        => "words lie between characters that are neither letters nor digits";
    finds_words_with_their_marks: WordsWithMarks
        => "words are compared case-folded and without combining marks";
    finds_words_in_lower_case: WordsInLowerCase
        => "words are compared case-folded and without combining marks";
    finds_any_word_for_all: AnyWordWillDo
        => "each word of a search must be found";
    finds_words_anywhere_in_descriptions: DescriptionsAnywhere
        => "a word is found as a part of the name and as the beginning of others";
    finds_short_words_anywhere: ShortWordsAnywhere
        => "a short word is found as a word and as the beginning of the name";
    finds_tags_that_are_not_searched: TagsAreNotSearched
        => "a word is found as a part of the name and as the beginning of others";
    finds_import_names_that_are_not_searched: ImportNamesAreNotSearched
        => "tags, import names and keywords are searched";
    finds_keywords_that_are_not_searched: KeywordsAreNotSearched
        => "tags, import names and keywords are searched";
    finds_an_empty_search_that_finds_nothing: EmptySearchFindsNothing
        => "a search without words is as none";
    finds_places_that_are_equal: AllPlacesAreEqual
        => "a search is ordered by the places where its words are found";
    finds_an_exact_name_that_is_not_first: ExactNameIsNotFirst
        => "the name that a search spells comes first";
    finds_a_joined_name_that_is_not_next: JoinedNameIsNotNext
        => "the name that a search spells comes first";
    finds_a_rank_that_is_ignored: RankIsIgnored
        => "packages that are used more come earlier";
    finds_a_phrase_that_is_ignored: PhraseIsIgnored
        => "words that follow each other count as a phrase";
    finds_ties_in_reverse: TiesInReverse
        => "packages with the same score are in the order of their names";
    finds_a_sort_that_is_ignored: SortIsIgnored
        => "a search may be in the order of the names";
    finds_a_total_of_the_page: TotalOfThePage
        => "the first page says how many packages there are in total";
    finds_a_total_on_every_page: TotalOnEveryPage
        => "the first page says how many packages there are in total";
    finds_nothing_suggested: NothingIsSuggested
        => "a search that finds nothing suggests names";
    finds_neighbours_suggested: NeighboursAreSuggested
        => "a search suggests a name that is used far more";
    finds_a_page_that_begins_after_its_package: PageBeginsAfterItsPackage
        => "all pages of a search have each package that stays once, whatever is written in between";
    finds_a_selection_by_relevance: SelectionByRelevance
        => "a selection has all packages of a list, in the order of the names";
    finds_a_selection_that_begins_after_a_name: SelectionBeginsAfter
        => "a selection has all packages of a list, in the order of the names";
    finds_a_selection_of_one_page: SelectionIsOnePage
        => "a selection has all packages of a list, in the order of the names";
    finds_a_selection_with_repetition: SelectionRepeats
        => "a selection has all packages of a list, in the order of the names";
    finds_the_total_of_one_page_of_a_selection: SelectionTotalOfPage
        => "a selection has all packages of a list, in the order of the names";
    finds_a_selection_without_its_limit: SelectionIgnoresLimit
        => "a page of a selection is at most as long as the limit";
    finds_a_selection_in_the_revision_of_its_packages: SelectionHasRevisionOfPackages
        => "a selection has the store's newest revision";
    finds_writes_that_wait_for_selections: WritesWaitForSelections
        => "no write waits for a selection";
    finds_a_selection_of_many_moments: SelectionOfManyMoments
        => "a selection stays the same while packages are written";
    finds_a_selection_of_two_moments: SelectionOfTwoMoments
        => "a selection shows the moment of its revision";
    finds_sorted_keys: MetadataIsSorted
        => "the members of metadata keep their order, at every level";
    finds_numbers_as_floats: NumbersAreFloats
        => "every digit of the numbers of metadata is kept";
    finds_a_create_that_ends_with_its_caller: CreateEndsWithItsCaller
        => "a create runs to its end when its future is dropped";
    finds_an_update_that_waits_in_its_caller: UpdateWaitsInItsCaller
        => "a write that waits for another runs to its end when its future is dropped";
    finds_a_create_that_looks_then_writes: CreateLooksThenWrites
        => "if several calls create one name at once, one succeeds";
    finds_a_batch_that_looks_then_writes: BatchLooksThenWrites
        => "if several calls create one batch at once, one succeeds";
    finds_an_update_that_looks_then_writes: UpdateLooksThenWrites
        => "if several calls update one revision at once, one succeeds";
    finds_a_delete_that_looks_then_writes: DeleteLooksThenWrites
        => "if several calls delete one package at once, one succeeds";
    finds_a_batch_that_is_seen_half: BatchIsSeenHalf
        => "no reader sees a part of a batch";
    finds_a_page_of_two_moments: PageOfTwoMoments
        => "a page shows the moment of its revision";
    finds_a_draw_of_the_first_half: RandomOfFirstHalf
        => "each package is equally likely to be drawn";
    finds_a_draw_by_remainder: RandomByRemainder
        => "each package is equally likely to be drawn";
    finds_a_draw_over_gaps: RandomByNearestNumber
        => "each package is equally likely to be drawn";
    finds_a_sample_with_repetition: SampleRepeats
        => "a sample has different packages: as many as requested, or all";
    finds_a_sample_without_its_tag: SampleIgnoresTag
        => "a sample by tag has only packages with that tag";
    finds_a_sample_in_order: SampleInOrder
        => "each sequence of packages is equally likely to be sampled";
    finds_a_sample_of_a_tag_in_order: SampleOfTagInOrder
        => "each sequence of tagged packages is equally likely to be sampled";
    finds_a_sample_of_neighbours: SampleRotates
        => "each sequence of packages is equally likely to be sampled";
    finds_a_draw_without_its_seed: SeedIsIgnored
        => "equal seeds give equal draws";
    finds_a_day_by_order_of_names: DayByOrderOfNames
        => "a day shows the package with the highest score";
    finds_days_that_repeat: DaysRepeat
        => "no package is shown again before all packages were shown";
    finds_a_new_cycle_that_begins_with_yesterday: NewCycleRepeatsYesterday
        => "no package is shown again before all packages were shown";
    finds_a_day_that_follows_its_package: DayFollowsItsPackage
        => "a day stays as it was shown, and says if its package was deleted";
    finds_a_package_that_is_gone_untold: GoneIsNotTold
        => "a day stays as it was shown, and says if its package was deleted";
    finds_a_pin_of_the_past: PastIsPinned
        => "a pinned package is shown, once, on its day";
    finds_a_pin_that_stays: PinStays
        => "a pin that was removed has no effect";
    finds_the_oldest_days_first: OldestDaysFirst
        => "the newest days are listed first, up to a date";
    finds_a_day_that_is_opened_twice: DayLooksThenOpens
        => "calls that open one day at once get the same package";
    finds_a_pin_that_comes_too_late: PinLooksThenWrites
        => "a pin and the opening of its day happen one after the other";
    finds_an_update_that_is_seen_though_refused: StaleUpdateIsSeen
        => "calls from several threads are linearizable";
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
        => "the condition of a create is about the store's newest revision";
    finds_a_create_that_is_asked_about_its_name: CreateIsAskedAboutItsName
        => "the condition of a create is about the store's newest revision";
    finds_a_create_that_looks_before_it_asks: CreateLooksBeforeItAsks
        => "a create that expects another revision of the store writes nothing";
    finds_an_update_that_is_asked_about_the_store: UpdateIsAskedAboutTheStore
        => "an update that expects the current revision is carried out";
    finds_an_update_that_asks_about_none: UpdateAsksAboutNoneFirst
        => "the condition of an update is about the revision that it replaces";
    finds_a_delete_that_asks_about_none: DeleteAsksAboutNoneFirst
        => "the condition of a delete is about the revision that it removes";
    finds_a_create_that_asks_then_writes: CreateAsksThenWrites
        => "if several calls create in one revision of the store at once, one succeeds";
    finds_a_new_cycle_that_begins_with_tomorrow: NewCycleRepeatsTomorrow
        => "a new cycle leaves out the packages of the days before and after";
    finds_a_pin_in_the_revision_of_its_package: PinHasRevisionOfPackage
        => "a pin is read as it was made";
    finds_a_repeated_pin_that_is_written: RepeatedPinIsWritten
        => "a pin that is repeated writes nothing";
    finds_pins_in_the_order_of_writes: PinsInOrderOfWrites
        => "a list has the pins after a date, in the order of their dates, up to a limit";
    finds_pins_listed_from_the_first: PinsFromTheFirst
        => "a list has the pins after a date, in the order of their dates, up to a limit";
    finds_more_pins_than_asked_for: PinsWithoutCount
        => "a list has the pins after a date, in the order of their dates, up to a limit";
    finds_a_pin_that_stays_when_its_day_is_opened: UsedPinStays
        => "a pin stays until its day is opened or the pin is removed";
    finds_a_pin_that_goes_with_its_package: PinGoesWithItsPackage
        => "a pin stays if its package is changed, deleted or created again";
    finds_a_pin_that_ignores_its_terms: PinIgnoresTerms
        => "the condition of a pin is about the date's pin, if there is one";
    finds_a_pin_taken_back_on_no_terms: UnpinIgnoresTerms
        => "the condition of a removal is about the pin's revision";
    finds_a_pin_that_asks_about_what_is_fixed: PinAsksWhatIsFixed
        => "a condition does not change the result if the package is absent or the day is fixed";
    finds_a_pin_that_asks_then_writes: PinAsksThenWrites
        => "if several calls pin one date with the same condition at once, one succeeds";
    finds_a_pin_taken_back_twice: UnpinAsksThenWrites
        => "if several calls remove one pin at once, one succeeds";
    finds_a_revision_for_nothing_opened: NothingOpenedTakesARevision
        => "an empty store opens no day of several";
    finds_the_latest_day_opened_first: LatestDayFirst
        => "several days are opened in one write, the earliest first";
    finds_days_opened_in_several_writes: EachDayIsAWrite
        => "several days are opened in one write, the earliest first";
    finds_days_that_end_at_an_open_one: DaysEndAtAnOpenOne
        => "days that are open stay as they are when others are opened";
    finds_days_that_ignore_pins: DaysIgnorePins
        => "several days are opened as if they were opened one by one";
    finds_days_that_are_opened_twice: DaysLookThenOpen
        => "calls that open the same days at once get the same packages";
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
        => "a store that is opened again continues with greater revisions";
    finds_a_cycle_that_is_forgotten: CycleIsForgotten
        => "any sequence of calls has the results that the contract requires, even if the store is opened again";
}
