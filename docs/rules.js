"use strict";
// The table of rules gets a field to search it, and a choice of family, severity, fix and input. Without scripts it is a table.
(() => {
  const table = [...document.querySelectorAll("article table")].find((each) => each.tHead?.rows[0].cells[0].textContent === "code");
  if (!table || table.tHead.rows[0].cells.length !== 6) return;
  const rows = [...table.tBodies[0].rows];
  const words = (row, column) => {
    const text = row.cells[column].textContent;
    return column === 0 ? [`${text.slice(0, 3)}xx`] : text.split(", ");
  };
  const bar = document.createElement("p");
  bar.className = "filters";

  function labelled(text, control) {
    const label = document.createElement("label");
    label.append(`${text} `, control);
    bar.append(label);
    control.addEventListener("input", filter);
    return control;
  }

  const search = labelled("find", document.createElement("input"));
  search.type = "search";
  const choices = [0, 3, 4, 5].map((column) => {
    const select = document.createElement("select");
    const values = new Set(rows.flatMap((row) => words(row, column)));
    select.append(...["all", ...[...values].sort()].map((value) => new Option(value)));
    return [column, labelled(table.tHead.rows[0].cells[column].textContent, select)];
  });
  const count = document.createElement("output");
  bar.append(count);

  function filter() {
    const sought = search.value.trim().toLowerCase();
    for (const row of rows) {
      const fits = choices.every(([column, select]) => select.value === "all" || words(row, column).includes(select.value));
      row.hidden = !fits || !row.textContent.toLowerCase().includes(sought);
    }
    count.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rules`;
  }

  (table.closest(".md-typeset__scrollwrap") ?? table).before(bar);
  filter();
})();
