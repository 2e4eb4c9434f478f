// Draws the report from the JSON in #data: {run, metrics: [{step, name: value}], trajectories: [..], left_out}.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const node = (tag, attributes = {}, ...children) => {
  const out = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") out.className = value;
    else if (key.startsWith("on")) out.addEventListener(key.slice(2), value);
    else out.setAttribute(key, value);
  }
  for (const child of children) out.append(child);
  return out;
};
const number = (value, digits = 3) => {
  if (value === null || value === undefined) return "-";
  if (value !== 0 && Math.abs(value) < 1e-3) return Number(value).toExponential(1);
  return String(Number(Number(value).toPrecision(digits)));
};

// ---- curves -------------------------------------------------------------------------------------------------------------
const palette = ["#2563a8", "#b7791f", "#2c7d4f", "#8a4fa8", "#b3382c", "#4f8f9f"];
const series = (name) =>
  data.metrics.filter((row) => Number.isFinite(row[name])).map((row) => [row.step, row[name]]);

function frame(lines, { zero = false } = {}) {
  const points = lines.flat();
  let [low, high] = [Math.min(...points.map((p) => p[1])), Math.max(...points.map((p) => p[1]))];
  if (zero) low = Math.min(0, low);
  if (high === low) { high += 0.5 * Math.abs(high || 1); low -= 0.5 * Math.abs(low || 1); }
  const [first, last] = [Math.min(...points.map((p) => p[0])), Math.max(...points.map((p) => p[0]))];
  const x = (step) => 38 + (last === first ? 0.5 : (step - first) / (last - first)) * 272;
  const y = (value) => 108 - ((value - low) / (high - low)) * 98;
  return { low, high, first, last, x, y };
}
function svg(content, box) {
  const label = (x, y, text, anchor) =>
    `<text x="${x}" y="${y}" font-size="9" fill="#66758a" text-anchor="${anchor}">${text}</text>`;
  return `<svg viewBox="0 0 320 130" preserveAspectRatio="none" role="img">` +
    `<path d="M38 10V108H310" fill="none" stroke="#d9e0e8"/>` +
    label(35, 14, number(box.high), "end") + label(35, 108, number(box.low), "end") +
    label(38, 122, box.first, "start") + label(310, 122, box.last, "end") + content + "</svg>";
}
function lineChart(title, names) {
  const lines = names.map(series);
  if (lines.every((line) => line.length === 0)) return;
  const box = frame(lines.filter((line) => line.length));
  const content = lines.map((line, i) =>
    `<polyline fill="none" stroke="${palette[i]}" stroke-width="1.6" vector-effect="non-scaling-stroke" points="` +
    line.map(([s, v]) => `${box.x(s).toFixed(1)},${box.y(v).toFixed(1)}`).join(" ") + `"/>` +
    (line.length === 1 ? `<circle cx="${box.x(line[0][0])}" cy="${box.y(line[0][1])}" r="3" fill="${palette[i]}"/>` : "")
  ).join("");
  const newest = lines.map((line) => (line.length ? number(line[line.length - 1][1]) : "-")).join(" / ");
  addChart(title, newest, svg(content, box), names);
}
function stackedChart(title, names) {
  const present = names.filter((name) => series(name).length);
  if (!present.length) return;
  const steps = data.metrics.filter((row) => present.some((name) => Number.isFinite(row[name])));
  const totals = steps.map((row) => present.reduce((sum, name) => sum + (row[name] || 0), 0));
  const box = frame([steps.map((row, i) => [row.step, totals[i]])], { zero: true });
  const width = Math.max(1, 272 / Math.max(1, steps.length) - 1);
  let content = "";
  steps.forEach((row) => {
    let base = 0;
    present.forEach((name, i) => {
      const top = base + (row[name] || 0);
      content += `<rect x="${(box.x(row.step) - width / 2).toFixed(1)}" width="${width.toFixed(1)}" ` +
        `y="${box.y(top).toFixed(1)}" height="${Math.max(0, box.y(base) - box.y(top)).toFixed(1)}" fill="${palette[i % palette.length]}"/>`;
      base = top;
    });
  });
  addChart(title, number(totals[totals.length - 1]) + " s", svg(content, box), present);
}
function addChart(title, value, picture, names) {
  const chart = node("div", { class: "chart" });
  chart.innerHTML = picture;
  const heading = node("h3", {}, title);
  heading.append(node("span", { class: "value" }, value));
  chart.prepend(heading);
  if (names.length > 1) {
    const legend = node("div", { class: "legend" });
    names.forEach((name, i) => {
      const mark = node("i");
      mark.style.background = palette[i % palette.length];
      legend.append(mark, name.replace(/^perf\//, ""));
    });
    chart.append(legend);
  }
  byId("charts").append(chart);
}

// ---- trajectories -------------------------------------------------------------------------------------------------------
const rows = data.trajectories;
let chosen = rows[0];
let order = { key: "rollout_id", up: true };
let colour = "mask";
const columns = [["rollout_id", "step"], ["group", "group"], ["index", "no."], ["reward", "reward"], ["status", "status"],
  ["response_length", "tokens"], ["tool_calls", "tools"]];
const cell = (row, key) => (key === "tool_calls" ? (row.tools || []).length : row[key]);
const promptText = (row) =>
  typeof row.prompt === "string" ? row.prompt : (row.prompt || []).map((m) => m.content).join("\n");

function visible() {
  const step = byId("step").value, status = byId("status").value, text = byId("search").value.toLowerCase();
  const low = parseFloat(byId("low").value), high = parseFloat(byId("high").value);
  const kept = rows.filter((row) =>
    (step === "" || String(row.rollout_id) === step) && (status === "" || row.status === status) &&
    !(row.reward < low) && !(row.reward > high) &&
    (text === "" || (promptText(row) + "\n" + row.turns.map((t) => t.text).join("\n")).toLowerCase().includes(text)));
  const sign = order.up ? 1 : -1;
  return kept.sort((a, b) => {
    const [x, y] = [cell(a, order.key), cell(b, order.key)];
    return sign * (x < y ? -1 : x > y ? 1 : 0);
  });
}
function drawTable() {
  const kept = visible();
  byId("count").textContent = `${kept.length} of ${rows.length} trajectories` +
    (data.left_out ? ` (${data.left_out} more are in rollouts/)` : "");
  const head = node("tr");
  for (const [key, title] of columns) {
    head.append(node("th", { onclick: () => { order = { key, up: order.key === key ? !order.up : true }; drawTable(); } },
      title + (order.key === key ? (order.up ? " ^" : " v") : "")));
  }
  head.append(node("th", {}, "prompt"));
  const table = node("table", {}, head);
  for (const row of kept.slice(0, 500)) {
    const line = node("tr", { class: "row" + (row === chosen ? " chosen" : ""), onclick: () => { chosen = row; draw(); } });
    for (const [key] of columns) {
      const value = cell(row, key);
      const kind = key === "reward" ? (row.reward > 0 ? "good" : "bad") : "";
      line.append(node("td", { class: kind }, typeof value === "number" ? number(value, 4) : String(value ?? "-")));
    }
    line.append(node("td", { class: "text" }, promptText(row).slice(0, 90)));
    table.append(line);
  }
  byId("table").replaceChildren(table);
}
function shade(row, i) {
  const tokens = row.tokens;
  if (colour === "mask") return tokens.mask[i] ? "rgba(37,99,168,.18)" : "rgba(183,121,31,.18)";
  if (colour === "advantage") {
    const value = (tokens.advantages || [])[i];
    if (!Number.isFinite(value) || !tokens.mask[i]) return "transparent";
    return value >= 0 ? `rgba(44,125,79,${Math.min(0.7, Math.abs(value) / 3)})` : `rgba(179,56,44,${Math.min(0.7, Math.abs(value) / 3)})`;
  }
  const [engine, trainer] = [(tokens.rollout_log_probs || [])[i], (tokens.log_probs || [])[i]];
  if (colour === "probability") {
    return Number.isFinite(engine) && tokens.mask[i] ? `rgba(138,79,168,${Math.min(0.8, -engine / 4)})` : "transparent";
  }
  if (!Number.isFinite(engine) || !Number.isFinite(trainer) || !tokens.mask[i]) return "transparent";
  return `rgba(179,56,44,${Math.min(0.8, Math.abs(engine - trainer) * 20)})`;
}
function tokenView(row) {
  const view = node("div", { class: "tokens" });
  row.tokens.pieces.forEach((piece, i) => {
    const mark = node("span", {}, piece);
    mark.style.background = shade(row, i);
    const part = (name, list) => (list && Number.isFinite(list[i]) ? `\n${name} ${number(list[i], 5)}` : "");
    mark.title = `${i}: id ${row.tokens.ids[i]}, mask ${row.tokens.mask[i]}` + part("engine log-prob", row.tokens.rollout_log_probs) +
      part("trainer log-prob", row.tokens.log_probs) + part("advantage", row.tokens.advantages);
    view.append(mark);
  });
  return view;
}
function drawDetail() {
  const box = byId("detail");
  if (!chosen) { box.replaceChildren(node("p", { class: "note" }, "No trajectories were recorded.")); return; }
  const row = chosen;
  const siblings = node("div", { class: "siblings" });
  for (const other of rows.filter((r) => r.rollout_id === row.rollout_id && r.group === row.group)) {
    siblings.append(node("span", { class: "sibling" + (other === row ? " chosen" : ""), onclick: () => { chosen = other; draw(); } },
      `${other.index}: ${number(other.reward)}`));
  }
  const rewards = rows.filter((r) => r.rollout_id === row.rollout_id && r.group === row.group).map((r) => r.reward);
  const flat = rewards.length > 1 && Math.max(...rewards) === Math.min(...rewards);
  const parts = [
    node("h3", {}, `Step ${row.rollout_id}, group ${row.group}, answer ${row.index}: reward ${number(row.reward)}, ` +
      `${row.status}, label ${row.label ?? "-"}`),
    node("div", { class: "note" }, "The group" + (flat ? " (all rewards equal: no advantage)" : "") + ":"), siblings,
  ];
  for (const message of typeof row.prompt === "string" ? [{ role: "prompt", content: row.prompt }] : row.prompt || []) {
    parts.push(node("div", { class: "turn prompt" }, node("div", { class: "who" }, message.role), node("pre", {}, String(message.content))));
  }
  let call = 0;
  for (const turn of row.turns) {
    const tool = turn.role === "tool" ? (row.tools || [])[call++] : null;
    const who = turn.role + (tool ? ` - ${tool.status}, ${number(tool.seconds)} s` : "");
    parts.push(node("div", { class: "turn " + turn.role }, node("div", { class: "who" }, who), node("pre", {}, turn.text)));
  }
  if (row.tokens && row.tokens.pieces) {
    const select = node("select", { id: "colour", onchange: (event) => { colour = event.target.value; drawDetail(); } });
    for (const [value, title] of [["mask", "mask"], ["difference", "log-prob difference"], ["advantage", "advantage"], ["probability", "engine log-prob"]]) {
      const option = node("option", { value }, title);
      if (value === colour) option.selected = true;
      select.append(option);
    }
    parts.push(node("h3", {}, "Tokens, coloured by ", select), tokenView(row));
  }
  box.replaceChildren(...parts);
}
function draw() { drawTable(); drawDetail(); }

byId("title").textContent = data.run;
byId("summary").textContent = `${data.metrics.length} steps`;
lineChart("Reward", ["rollout/raw_reward"]);
const evals = [...new Set(data.metrics.flatMap((row) => Object.keys(row)))].filter((name) => /^eval\/[^/-]+$/.test(name));
if (evals.length) lineChart("Evaluation", evals);
lineChart("Answer length (tokens)", ["rollout/response_len/mean", "rollout/response_len/max"]);
lineChart("Entropy", ["train/entropy_loss"]);
lineChart("Engine and trainer: log-prob difference", ["train/train_rollout_logprob_abs_diff"]);
lineChart("Gradient norm", ["train/grad_norm"]);
lineChart("Loss", ["train/loss", "train/pg_loss"]);
lineChart("Clipped and truncated", ["train/pg_clipfrac", "rollout/truncated_ratio"]);
lineChart("Learning rate", ["train/lr-pg_0"]);
stackedChart("Time of a step", ["perf/rollout_time", "perf/log_probs_time", "perf/ref_log_probs_time", "perf/actor_train_time",
  "perf/update_weights_time", "perf/save_model_time"]);
for (const step of [...new Set(rows.map((row) => row.rollout_id))]) byId("step").append(node("option", { value: step }, String(step)));
for (const status of [...new Set(rows.map((row) => row.status))]) byId("status").append(node("option", { value: status }, status));
for (const id of ["step", "status", "low", "high", "search"]) byId(id).addEventListener("input", drawTable);
draw();
