// Sliders and switches for what the chosen network can do.

import { picture } from "./gallery.js";

const TITLES = { strength: "Strength", stroke: "Stroke size" };
const WITHOUT_DIAL = ["strength"];  // Any network: its picture is laid over the photo.

/** How a network paints before any slider was touched: its first style, as strongly as it can. */
export function firstLook(entry) {
  const names = new Set([...WITHOUT_DIAL, ...entry.dials]);
  const dials = Object.fromEntries([...names].map((name) => [name, name === "strength" ? 1 : 0.5]));
  dials.style_weights = entry.styles.map((_, style) => Number(style === 0));
  return { network: entry.name, dials, keepColors: false };
}

/** The same settings for another network, as far as it has them. */
export function lookWith(entry, { dials, keepColors }) {
  const look = firstLook(entry);
  for (const name of Object.keys(look.dials)) {
    if (name !== "style_weights" && name in dials) look.dials[name] = dials[name];
  }
  return { ...look, keepColors };
}

/** changed: called with the look, changed by the visitor. */
export function showControls(section, entry, look, changed) {
  const rows = [];
  if (entry.styles.length > 1) rows.push(...blend(entry, look, changed));
  for (const name of Object.keys(look.dials)) {
    if (name === "style_weights") continue;
    const change = (value) => {
      look.dials[name] = value;
      changed();
    };
    rows.push(slider(TITLES[name] ?? capitalized(name), look.dials[name], change));
  }
  rows.push(colorSwitch(look, changed));
  section.replaceChildren(...rows);
}

function blend(entry, look, changed) {
  const amounts = [...look.dials.style_weights];
  const heading = Object.assign(document.createElement("h2"), { textContent: "Blend" });
  const rows = entry.styles.map(({ title, thumbnail }, style) => {
    const row = slider(title, amounts[style], (value) => {
      amounts[style] = value;
      const sum = amounts.reduce((total, amount) => total + amount, 0);
      look.dials.style_weights = amounts.map((amount) => (sum ? amount / sum : 1 / amounts.length));
      changed();
    });
    row.classList.add("style");
    row.prepend(picture(thumbnail));
    return row;
  });
  return [heading, ...rows];
}

/** From 0 to 1, shown in percent. */
function slider(title, value, change) {
  const row = document.createElement("label");
  row.className = "control";
  const output = document.createElement("output");
  const input = Object.assign(document.createElement("input"), {
    type: "range", min: 0, max: 100, step: 1, value: Math.round(100 * value), ariaLabel: title,
  });
  const show = () => {
    output.textContent = `${input.value}%`;
    input.style.setProperty("--filled", `${input.value}%`);
  };
  input.addEventListener("input", () => {
    show();
    change(Number(input.value) / 100);
  });
  show();
  row.append(Object.assign(document.createElement("span"), { textContent: title }), output, input);
  return row;
}

function colorSwitch(look, changed) {
  const row = document.createElement("label");
  row.className = "switch";
  const input = Object.assign(document.createElement("input"), {
    type: "checkbox", role: "switch", checked: look.keepColors,
  });
  input.addEventListener("change", () => {
    look.keepColors = input.checked;
    changed();
  });
  row.append("Keep the photo’s colors", input);
  return row;
}

const capitalized = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");
