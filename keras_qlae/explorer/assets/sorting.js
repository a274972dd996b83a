// Makes table headings sort: numbers with the largest first, or text. Cells
// without a value are last.

const valueOf = cell => {
  const { value } = cell.dataset;
  return value === undefined ? null : value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
};

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return b - a;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

for (const table of document.querySelectorAll("table.sortable"))
  table.querySelectorAll("th").forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const body = table.tBodies[0], rows = [...body.rows], keyOf = row => valueOf(row.cells[column]);
    const isNumber = rows.some(row => typeof keyOf(row) === "number");
    const first = isNumber ? "descending" : "ascending", other = isNumber ? "ascending" : "descending";
    const order = heading.getAttribute("aria-sort") === first ? other : first, turn = order === first ? 1 : -1;
    for (const each of table.querySelectorAll("th")) each.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", order);
    rows.sort((a, b) => {
      const [x, y] = [keyOf(a), keyOf(b)];
      return x === null || y === null ? (x === null) - (y === null) : turn * compare(x, y);
    });
    body.append(...rows);
  }));
