// The page "Ask the rulebook": two questions, each answered anew whenever a choice changes.
"use strict";

(function (book, { decide, valuesOf }) {
  const ENGINES = { ffmpeg: "FFmpeg", resolve: "DaVinci Resolve" };
  const SIZES = { explicit: "1280x720" };
  const CLASSES = { standard: "Standard codecs", raw: "Camera RAW", unknown: "Without a name" };
  const at = (id) => document.getElementById(id);

  // An element with text or children; nothing is ever read as markup.
  function make(tag, content, properties = {}) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...[content].flat());
    return made;
  }

  function titled(value, titles) {
    if (value === "anything-else") return "anything else";
    return titles[value] && titles[value] !== value ? `${value} · ${titles[value]}` : value;
  }

  function options(values, titles) {
    return values.map((value) => make("option", titled(value, titles), { value }));
  }

  function grouped(items, keyOf, optionOf) {
    const groups = new Map();
    for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) || []), item]);
    return [...groups].map(([label, members]) => make("optgroup", members.map(optionOf), { label }));
  }

  function columnFor(fact) {
    for (const table of Object.values(book.tables)) {
      const found = table.columns.find((column) => column.fact === fact);
      if (found) return found;
    }
    throw new Error(`no table asks for ${fact}`);
  }

  function link(path, text) {
    return make("a", text, { href: `reference/${path}.html` });
  }

  function lines(title, texts, name) {
    if (!texts.length) return [];
    return [make("p", title, { className: "ask-lead" }), make("ul", texts.map((text) => make("li", text)), { className: name })];
  }

  function findingParts(finding) {
    return [
      make("p", [make("strong", finding.severity), " ", link(`findings/${finding.id}`, finding.id)], { className: "ask-id" }),
      make("p", finding.message, { className: "ask-message" }),
      ...lines("Why", finding.why, "ask-why"),
      ...lines("What to do", finding.fix, "ask-fix"),
    ];
  }

  function show(target, state, data, parts) {
    target.className = `ask-answer ask-${state}`;
    for (const key of Object.keys(target.dataset)) delete target.dataset[key];
    Object.assign(target.dataset, data);
    target.replaceChildren(...parts);
  }

  function source(answer) {
    const table = answer.table;
    return make("p", ["Decided by row ", make("code", answer.row), " of table ", link(`tables/${table}`, table), "."], { className: "ask-row" });
  }

  // ---- first question: which engine takes the source, and what would the spec be? ----

  let fitting = [];

  function answerSource() {
    const facts = { "source.container": at("source-container").value, "source.codec": at("source-codec").value };
    const offer = decide("source-capability", facts);
    facts["source.class"] = book.classes[facts["source.codec"]];
    facts["source.offered"] = offer.finding ? "refused" : offer.outcome.engine;
    const route = decide("route", facts);
    const finding = offer.finding || route.finding;
    const engine = finding ? "none" : route.outcome.engine;
    const data = { row: offer.row, engine, finding: finding ? finding.id : "" };
    fitting = finding ? [] : fittingProfiles(engine);
    if (finding) {
      show(at("source-answer"), "no", data, [make("p", "It cannot be a source.", { className: "ask-head" }), ...findingParts(finding), source(offer)]);
    } else {
      const low = route.outcome.confidence === "low";
      const head = `${ENGINES[engine] || engine} makes the proxy${low ? ", with low confidence" : ""}.`;
      show(at("source-answer"), low ? "warn" : "yes", data, [
        make("p", head, { className: "ask-head" }),
        ...lines("Why", route.why, "ask-why"),
        ...lines("Note", offer.why, "ask-note"),
        make("p", fitting.length === 1 ? "1 profile fits." : `${fitting.length} profiles fit.`),
        source(offer),
      ]);
    }
    offerProfiles();
  }

  function fittingProfiles(engine) {
    return book.profiles.filter((profile) => {
      const answer = decide("profile-engine", { "profile.engine": profile.engine, "job.engine": engine });
      return !answer || !answer.finding;
    });
  }

  function offerProfiles() {
    const before = at("spec-profile").value;
    const groups = grouped(fitting, (one) => titled(one.codec, book.titles.codec), (one) =>
      make("option", `${one.name} · ${one.title}`, { value: one.name }));
    at("spec-profile").replaceChildren(...groups);
    if (fitting.some((one) => one.name === before)) at("spec-profile").value = before;
    at("source-spec").hidden = fitting.length === 0;
    if (fitting.length) offerResolutions();
  }

  function chosenProfile() {
    return fitting.find((one) => one.name === at("spec-profile").value);
  }

  function offerResolutions() {
    const profile = chosenProfile();
    const before = at("spec-resolution").value;
    const words = [profile.spec.resolution, ...profile.resolutions.map((word) => SIZES[word] || word)];
    const values = words[0].includes("x") ? [words[0]] : [...new Set(words)];
    at("spec-resolution").replaceChildren(...options(values, {}));
    if (values.includes(before)) at("spec-resolution").value = before;
    writeSpec();
  }

  function writeSpec() {
    const profile = chosenProfile();
    const extension = book.extensions[at("source-container").value];
    const spec = { ...profile.spec, sources: [`/path/to/clip${extension ? `.${extension}` : ""}`], resolution: at("spec-resolution").value };
    at("spec-about").replaceChildren("Put your own paths in. What ", link(`profiles/${profile.name}`, profile.name), " makes, exactly.");
    at("spec-text").textContent = JSON.stringify(spec, null, 2);
    at("spec-copied").textContent = "";
  }

  async function copySpec() {
    const text = `${at("spec-text").textContent}\n`;
    let copied = false;
    try {
      await navigator.clipboard.writeText(text);
      copied = true;
    } catch {
      const area = make("textarea", "", { value: text, className: "ask-hidden" });
      document.body.append(area);
      area.select();
      copied = document.execCommand("copy");
      area.remove();
      at("spec-copy").focus();
    }
    at("spec-copied").textContent = copied ? "Copied." : "Could not copy: select the text and copy it yourself.";
  }

  // ---- second question: may the codec go into the container? ----

  const ASKED = ["spec.codec", "spec.container"];
  const PAIRING = Object.keys(book.tables).filter((name) => {
    const facts = book.tables[name].columns.map((column) => column.fact);
    return book.tables[name].stage === "spec" && facts.every((fact) => ASKED.includes(fact));
  });

  function answerPair() {
    const facts = { "spec.codec": at("pair-codec").value, "spec.container": at("pair-container").value };
    const answers = PAIRING.map((name) => decide(name, facts));
    const told = answers.filter((answer) => answer.finding);
    const errors = told.filter((answer) => answer.finding.severity === "error");
    const first = told[0] || answers.find((answer) => answer.table === "codec-container") || answers[0];
    const data = { row: first.row, finding: told.length ? told[0].finding.id : "" };
    const words = `${facts["spec.codec"]} ${errors.length ? "does not go" : "goes"} into ${facts["spec.container"]}.`;
    const makers = book.profiles.filter((one) => one.codec === facts["spec.codec"] && one.container === facts["spec.container"]);
    const links = makers.flatMap((one, index) => [index ? ", " : "", link(`profiles/${one.name}`, one.name)]);
    show(at("pair-answer"), errors.length ? "no" : told.length ? "warn" : "yes", data, [
      make("p", words, { className: "ask-head" }),
      ...told.flatMap((answer) => findingParts(answer.finding)),
      ...(told.length ? [] : lines("Why", answers.flatMap((answer) => answer.why), "ask-why")),
      ...(errors.length ? [] : [make("p", links.length ? ["Made by ", ...links, "."] : "No profile makes it yet.")]),
      source(first),
    ]);
  }

  // ---- begin ----

  const codec = columnFor("source.codec");
  at("source-container").replaceChildren(...options(valuesOf(columnFor("source.container")), book.titles.container));
  at("source-codec").replaceChildren(
    ...grouped(
      valuesOf(codec).sort((one, other) => (book.classes[one] === "unknown") - (book.classes[other] === "unknown")),
      (value) => CLASSES[book.classes[value]] || book.classes[value],
      (value) => make("option", titled(value, book.titles["source-codec"]), { value }),
    ),
  );
  at("pair-codec").replaceChildren(...options(valuesOf(columnFor("spec.codec")), book.titles.codec));
  at("pair-container").replaceChildren(...options(valuesOf(columnFor("spec.container")), book.titles.container));
  for (const id of ["source-container", "source-codec"]) at(id).addEventListener("change", answerSource);
  for (const id of ["pair-codec", "pair-container"]) at(id).addEventListener("change", answerPair);
  at("spec-profile").addEventListener("change", offerResolutions);
  at("spec-resolution").addEventListener("change", writeSpec);
  at("spec-copy").addEventListener("click", copySpec);
  if (at("source-codec").querySelector('[value="h264"]')) at("source-codec").value = "h264";
  answerSource();
  answerPair();
})(window.proxxRulebook, window.proxxEvaluate);
