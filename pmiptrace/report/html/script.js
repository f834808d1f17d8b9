"use strict";
// The page is complete without this. Here tables sort and filter, packets that are folded away come
// out when something leads to them, and all that is closed opens before it is printed. Whatever
// comes from the capture is put into the page as text, never as markup.

const GRAVITY = ["error", "warning", "info", "inconclusive", "note"];

function element(name, kind, text) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}

function makeCell(kind, text, target) {
  if (kind === "severity") {
    const cell = element("td");
    cell.append(element("span", "badge " + (GRAVITY.includes(text) ? text : ""), text));
    return cell;
  }
  if (kind === "rule") return element("td", "code", text);
  const cell = element("td", kind);
  if ((kind === "frame" || kind === "node") && target) {
    const link = element("a", "", text);
    link.setAttribute("href", "#" + target);
    cell.append(link);
  } else {
    cell.textContent = text;
  }
  return cell;
}

const collator = new Intl.Collator("en", { numeric: true });

function compare(kind, one, other) {
  if (kind === "severity") return GRAVITY.indexOf(one) - GRAVITY.indexOf(other);
  if (kind === "number" && one !== "" && other !== "") return Number(one) - Number(other);
  if (one === "" || other === "") return (one === "") - (other === "");
  return collator.compare(one, other);
}

class Sheet {
  constructor(root) {
    this.root = root;
    this.page = Number(root.dataset.rows);
    this.limit = this.page;
    this.body = root.querySelector("tbody");
    this.input = root.querySelector("input");
    this.output = root.querySelector("output");
    this.more = root.querySelector(".more");
    this.heads = [...root.querySelectorAll("th")];
    this.kinds = this.heads.map((head) => head.dataset.kind);
    this.sorted = null;
    this.down = false;
    this.heads.forEach((head, index) => {
      const button = element("button", "", head.textContent);
      button.type = "button";
      button.addEventListener("click", () => this.sort(index));
      head.replaceChildren(button);
    });
    this.input.addEventListener("input", () => this.show(this.page));
    root.querySelector(".tools").hidden = false;
    const hidden = root.querySelector(".static");
    if (hidden) {
      this.button = element("button", "", "Show more");
      this.button.type = "button";
      this.button.addEventListener("click", () => this.show(this.limit + 8 * this.page));
      hidden.replaceWith(this.button);
    }
  }

  // The rows are read when they are first needed, so that the page opens at once.
  get rows() {
    if (!this.all) {
      this.all = JSON.parse(this.root.querySelector("script").textContent).map((cells, place) => ({
        cells, place, text: cells.slice(0, this.kinds.length).join("\n").toLowerCase(),
      }));
    }
    return this.all;
  }

  sort(index) {
    this.down = this.sorted === index ? !this.down : this.kinds[index] === "number";
    this.sorted = index;
    this.heads.forEach((head, place) => {
      if (place !== index) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", this.down ? "descending" : "ascending");
    });
    this.show(this.page);
  }

  filter(text) {
    this.input.value = text;
    this.show(this.page);
  }

  show(limit) {
    this.limit = limit;
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.rows.filter((row) => words.every((word) => row.text.includes(word)));
    if (this.sorted !== null) {
      const index = this.sorted, kind = this.kinds[index], sign = this.down ? -1 : 1;
      found.sort((one, other) =>
        sign * compare(kind, one.cells[index], other.cells[index]) || one.place - other.place);
    }
    this.body.replaceChildren(...found.slice(0, limit).map((row) => this.line(row.cells)));
    this.output.textContent = words.length ? found.length + " of " + this.rows.length : "";
    if (this.button) this.button.hidden = found.length <= limit;
  }

  line(cells) {
    const row = element("tr");
    const target = cells[cells.length - 1];
    row.append(...this.kinds.map((kind, index) => makeCell(kind, cells[index], target)));
    return row;
  }
}

const sheets = {};
for (const root of document.querySelectorAll(".sheet")) sheets[root.id] = new Sheet(root);

// Puts a packet into the page that was folded away, and opens what a link leads to.
function reveal(id) {
  const folded = document.getElementById("folded-" + id);
  if (folded) {
    folded.before(folded.content.cloneNode(true));
    folded.remove();
  }
  const place = document.getElementById(id);
  if (place && place.tagName === "DETAILS") place.open = true;
  return place;
}

function follow() {
  const place = reveal(decodeURIComponent(location.hash.slice(1)));
  if (place) place.scrollIntoView();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (!link) return;
  if (link.dataset.filter && sheets["sheet-findings"]) {
    sheets["sheet-findings"].filter(link.dataset.filter);
  }
  reveal(link.getAttribute("href").slice(1));
});
window.addEventListener("hashchange", follow);
if (location.hash) follow();

window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
