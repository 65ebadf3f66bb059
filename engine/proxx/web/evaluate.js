// The rule evaluator in the browser: the same tables, cells and messages as the program's own (evaluate.py).
"use strict";

window.proxxEvaluate = (function (book) {
  const ELSE = "anything-else";

  // The place of a value among a column's atoms; -1 when it lies outside the domain.
  function placeOf(column, value) {
    if (!column.values) {
      if (value < column.low || value > column.high) return -1;
      return column.cuts.filter((cut) => cut <= value).length - 1;
    }
    const at = column.values.indexOf(value);
    if (at >= 0) return at;
    return column.other ? column.values.length : -1;
  }

  // Every value that a column can take, "anything else" last.
  function valuesOf(column) {
    return column.other ? [...column.values, ELSE] : [...column.values];
  }

  // The row that holds the input (values by column name).
  function match(table, inputs) {
    const places = table.columns.map((column) => placeOf(column, inputs[column.name]));
    if (places.includes(-1)) throw new RangeError("a value lies outside its domain");
    const hit = table.rows.find((row) => row.cells.every((cell, at) => cell === null || cell.includes(places[at])));
    return hit || table.otherwise;
  }

  // A message as [literal, name] pairs; {{ and }} are braces that stay.
  function pieces(text) {
    const found = [];
    let literal = "";
    let rest = text;
    while (rest) {
      const at = rest.indexOf("{");
      const head = at < 0 ? rest : rest.slice(0, at);
      literal += head.replaceAll("}}", "}");
      rest = at < 0 ? "" : rest.slice(at + 1);
      if (rest.startsWith("{")) {
        literal += "{";
        rest = rest.slice(1);
      } else if (at >= 0) {
        const end = rest.indexOf("}");
        found.push([literal, end < 0 ? rest : rest.slice(0, end)]);
        literal = "";
        rest = end < 0 ? "" : rest.slice(end + 1);
      }
    }
    return [...found, [literal, null]];
  }

  // The message with every {name} replaced once; a name that only a real job fills in stays as <name>.
  function fill(text, words) {
    return pieces(text)
      .map(([literal, name]) => literal + (name === null ? "" : Object.hasOwn(words, name) ? words[name] : `<${name}>`))
      .join("");
  }

  // Of every column with a value list: the values that pass while the others stay the same.
  function allowed(table, inputs) {
    const words = {};
    for (const column of table.columns.filter((one) => one.values)) {
      const passing = column.values.filter((value) => !match(table, { ...inputs, [column.name]: value }).finding);
      words[`${column.name}-allowed`] = passing.join(", ") || "nothing";
    }
    return words;
  }

  // A finding in words; null when the row raises none.
  function tell(table, row, inputs) {
    if (!row.finding) return null;
    const rule = book.findings[row.finding];
    const words = { ...inputs, ...allowed(table, inputs) };
    const fixes = rule.fix === undefined ? [] : [rule.fix].flat();
    return {
      id: row.finding,
      severity: rule.severity || "error",
      message: fill(rule.what, words),
      why: rule.why.map((line) => fill(line, words)),
      fix: fixes.map((line) => fill(line, words)),
    };
  }

  // What a table answers for facts by name; null when a fact that it asks for is not there.
  function decide(name, facts) {
    const table = book.tables[name];
    if (!table || !table.columns.every((column) => Object.hasOwn(facts, column.fact))) return null;
    const inputs = Object.fromEntries(table.columns.map((column) => [column.name, facts[column.fact]]));
    const row = match(table, inputs);
    return { table: name, row: row.id, outcome: row.then, why: row.why, finding: tell(table, row, inputs) };
  }

  return { decide, valuesOf };
})(window.proxxRulebook);
