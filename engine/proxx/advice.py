"""What to do about each kind of fault of a rulebook, and why it is one; the faults themselves say what and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from proxx.errors import Finding

AREA = "rulebook/"
"""What the id of every fault of a rulebook begins with. No table raises one: what is wrong judges nothing."""

_ADVICE: Mapping[str, tuple[str, str]] = {
    # ---- the text of a file -------------------------------------------------------------------------------------
    "not-toml": (
        "A file that is no TOML 1.0 in UTF-8 means nothing, and no part of it is guessed.",
        "Correct the text at this place. Texts stand in quotes, rows and values are parted by commas.",
    ),
    "no-schema": (
        "The first line says what kind of file it is, to proxx and to editors.",
        "Write #:schema and a path to one of these as the first line; only the file name in it counts for proxx.",
    ),
    "newer-format": (
        "The rules of a later format are not known here.",
        "Update proxx, or use the rulebook of the version that is installed.",
    ),
    "shape": (
        "The schema of this kind of file says which keys there are and what each may hold.",
        "Correct the value, or add the key; an editor that knows TOML schemas shows what may stand here.",
    ),
    "unknown-key": (
        "A key that nobody reads would change nothing, without a word.",
        "Correct the key's name, or remove it.",
    ),
    # ---- layers -------------------------------------------------------------------------------------------------
    "defined-twice": (
        "Of two entries with one name nobody could say which counts.",
        "Give one another name, or remove it; what shall take the place of one in a layer below says replaces = true.",
    ),
    "nothing-there": (
        "What replaces, removes, extends or adds rows to something needs it to be there.",
        "Correct the name; `proxx rulebook check` lists the layers that count, lowest first.",
    ),
    "contradiction": ("One of the two would be ignored.", "Keep the one that is meant."),
    "final": (
        "A layer below has made this decision for all above it.",
        "Take the change out of this layer, or have the layer that says final = true changed.",
    ),
    "locked": (
        "What is locked is the same for every studio: the contract of a spec, routing, Resolve's interface.",
        "Take the change out of this layer.",
    ),
    "incomplete": (
        "A rulebook without extends stands alone and must hold everything.",
        'Write extends = "proxx" into its rulebook.toml to lay it over the shipped one.',
    ),
    "no-folder": (
        "proxx.toml names the rulebooks that count; without one of them specs would be judged by other rules.",
        "Correct the path: it is relative to the folder of proxx.toml.",
    ),
    "stray": (
        "A file that nobody reads decides nothing, though it looks as if it did.",
        "Move it to the folder that it belongs in, or out of the rulebook.",
    ),
    # ---- tables -------------------------------------------------------------------------------------------------
    "overlap": (
        "Two rows would decide one input differently, and which one counts would be chance.",
        "Narrow one of the two; to change a row of a layer below, write it anew under its id, with replaces = true.",
    ),
    "tie": (
        "Two rows say the same of one input: a later change of one of them would contradict the other.",
        "Take that input out of one of the two rows, or remove the one that is spare.",
    ),
    "unreachable": (
        "A rule that never counts is a mistake, or was forgotten.",
        'Widen the row, remove it, or with hit = "first" move it further up.',
    ),
    "spare-row": ("Without the row every input is decided just so.", "Remove the row, or say in it what is different."),
    "gap": (
        "An input that no row holds would be left without an answer.",
        "Add a row that holds it, or an otherwise that answers for all the rest.",
    ),
    "unknown-column": (
        "A row speaks of the columns that its table declares (in).",
        "Correct the name; the reference lists the columns of each table.",
    ),
    "unknown-fact": (
        "A column is bound to a fact that the program knows.",
        "Correct the name; matrices/facts.toml of the shipped rulebook lists all facts.",
    ),
    "unknown-set": (
        "A set that does not exist holds nothing.",
        "Correct the name, or give entries this set (sets = [ … ]).",
    ),
    "outside-domain": (
        "A fact has a closed list of values; a row for another one would never match.",
        "Use one of these values. A new codec or container is first a word of the vocabulary.",
    ),
    "empty-domain": ("A fact without values can never be asked for.", "Give the fact values, a set or a range."),
    "unknown-stage": ("The stage says when a table is asked.", "Correct the name of the stage."),
    "fact-out-of-sight": (
        "A table can only ask for what is known when it is asked.",
        "Put the table at a later stage, or bind the column to a fact that is known by then.",
    ),
    "forbidden-offer": (
        "Camera RAW always goes to Resolve and standard codecs to FFmpeg: a clip of this row would be refused.",
        "Let the row offer the other engine, or take the codec out of it.",
    ),
    "unknown-outcome": (
        "What a row answers is declared by its table (out), so that nothing is answered that nobody understands.",
        "Correct the answer to one that out lists.",
    ),
    "missing-outcome": (
        "Whoever asks this table needs an answer for every input.",
        "Add then = { … } with the answer, or a finding that refuses.",
    ),
    "missing-table": ("The program asks this table.", "Bring the table back, or replace it as a whole."),
    "missing-answer": (
        "The program asks the table for this answer.",
        "Declare the answer in out, and give it in the rows.",
    ),
    "unused-column": ("A column that no row looks at decides nothing.", "Remove it, or say in a row what it decides."),
    "unused-answer": ("An answer that no row gives is never given.", "Remove it from out, or give it in a row."),
    "unused-set": ("A set that no rule asks for changes nothing.", "Correct its name, or remove it."),
    "unused-stage": ("Nothing is asked at this stage.", "Remove it, or put a table there."),
    "unjudged-nle": (
        "What an editing system refuses is said by the tables at the stage of its name.",
        "Declare [stage.NAME] and write tables at it, as matrices/relink/ of the shipped rulebook does.",
    ),
    "word-twice": ("One word would mean two codecs or containers.", "Keep it where it belongs."),
    "untested": (
        "What no case reaches may change without anybody noticing.",
        "Write a case into the layer's folder cases/.",
    ),
    # ---- findings -----------------------------------------------------------------------------------------------
    "unknown-finding": (
        "A row that refuses must say why, and the finding holds the words.",
        "Correct the name, or write [finding.…] with its words.",
    ),
    "unused-finding": ("What no row raises is never said.", "Raise it in a row, or remove it."),
    "unknown-token": (
        "The word in braces is filled in with what the table knows; this one would stay empty.",
        "Use a column of the table or a text of its stage; a brace that is meant as such is doubled: {{ }}.",
    ),
    "self-test": (
        "bad are inputs that must raise the finding, good are inputs that must not: words and rows have come apart.",
        "Correct example or row; who changes a row of a layer below writes its finding anew too (replaces = true).",
    ),
    # ---- profiles and templates ---------------------------------------------------------------------------------
    "unknown-profile": (
        "A profile can only extend one that there is.",
        "Correct the name; `proxx profiles` lists them.",
    ),
    "circle": ("Each would wait for the other's values.", "Let one of them stand alone."),
    "other-engine": ("What one engine is told means nothing to another.", "Extend a profile of the same engine."),
    "wrong-engine": ("Each engine has its own kind of template.", "Name a template of the profile's engine."),
    "unknown-word": (
        "Codecs, containers and calls are words of the rulebook.",
        "Correct the word, or add it to the vocabulary.",
    ),
    "unknown-template": (
        "Without its template a profile cannot be made.",
        "Correct the name, or put the template below profiles/templates/.",
    ),
    "profile-refused": (
        "No job could ever use this profile: the rules of its own rulebook refuse it.",
        "Correct the profile, or add the row that allows it.",
    ),
    "profile-unreached": (
        "The rules leave no source for which this profile may be used.",
        "Change the profile, or the rows that refuse; ask the table with `proxx decide`.",
    ),
    "template": (
        "A template that cannot be filled in would fail in the middle of a job.",
        "Correct the template, or the profile's setting; `proxx profiles NAME` shows what a profile says.",
    ),
    "never-printed": ("What is never printed is no part of any command.", "Print the block, or remove it."),
    "unused-template": ("A template that no profile uses makes nothing.", "Name it in a profile, or remove it."),
    "lut": (
        "A LUT that is misread or missing would give wrong colours without a word.",
        "Correct the file or the profile's [lut]; the guide's page on policies says what is read.",
    ),
    "reel-pattern": (
        "The examples of a pattern are its tests: each must give the reel that stands beside it.",
        "Correct the parts of the pattern, or the example.",
    ),
    # ---- Resolve ------------------------------------------------------------------------------------------------
    "floor": ("The driver is written against that version's interface.", "Raise the floor, or leave it as it is."),
    "claimed-twice": ("One codec would be read by two families' rules.", "Keep it in one family."),
}
ADVICE = MappingProxyType({f"{AREA}{kind}": told for kind, told in _ADVICE.items()})
"""The id of a fault → why it is one, and what to do."""


def advised(finding: Finding) -> Finding:
    """The fault of a rulebook with its reason and what to do; any other finding as it is."""
    told = ADVICE.get(finding.id)
    if told is None or finding.why or finding.fix:
        return finding
    why, fix = told
    return replace(finding, why=(why,), fix=(fix,))
