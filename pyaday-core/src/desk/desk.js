// The script of the desk. Only curators need it. It writes through the JSON API.
const { root = '', may = '' } = document.body.dataset;
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const plural = count => `${count.toLocaleString('en')} package${count === 1 ? '' : 's'}`;
const words = text => [...new Set(text.toLowerCase().split(/[\s,]+/).filter(Boolean))].sort();
const same = (left, right) => JSON.stringify(left) === JSON.stringify(right);
const unsaved = 'Kept in this browser, not saved yet';
const away = 'The server cannot be reached. Try again later.';

// An element with these properties. A text in it never becomes HTML.
function make(name, properties, ...content) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...content);
  return element;
}

// Says something at the top, and to people who cannot see it.
const live = make('p', { className: 'vh', role: 'status' });
document.body.append(live);
function say(text, isBad) {
  $('#note')?.remove();
  live.textContent = text;
  $('main').prepend(make('p', { id: 'note', className: isBad ? 'note bad' : 'note' }, text));
  scrollTo(0, 0);
}
function done(text, { revision } = {}) {
  say(text);
  if (!revision || !may.includes('undo_change')) return;
  $('#note').append(' ', make('button', { type: 'button', className: 'quiet', onclick: () => undo(revision) }, 'Undo'));
}

// Calls the JSON API. `detail` says why it refused.
async function call(method, path, body, { note, revision, ...fields } = {}) {
  if (body) fields['Content-Type'] = 'application/json';
  if (revision) fields['If-Match'] = `"${revision}"`;
  // RFC 9651
  if (note) fields['Change-Note'] = `%"${encodeURIComponent(note).replace(/'/g, '%27').replace(/%../g, code => code.toLowerCase())}"`;
  try {
    const response = await fetch(root + path, { method, headers: fields, body: body && JSON.stringify(body) });
    const { ok, status, headers } = response, isJson = /json/.test(headers.get('Content-Type'));
    const data = isJson ? await response.json() : {}, current = headers.get('ETag')?.replaceAll('"', '');
    const detail = status === 412 ? 'Somebody else changed this. Load the page again.' : data.detail ?? `The server answered ${status}.`;
    return { ok, status, data, detail, current };
  } catch {
    return { data: {}, detail: away };
  }
}

// Replaces parts of this page.
let loading;
async function load(url, ...parts) {
  loading?.abort();
  loading = new AbortController();
  try {
    const response = await fetch(url, { signal: loading.signal });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    for (const part of parts) $(part).replaceWith($(part, page));
    document.title = page.title;
    enhance();
    return true;
  } catch (error) {
    if (error.name !== 'AbortError') say(away, true);
  }
}
const reload = () => load(location.href, 'main');
async function ended({ ok, detail, data }, text = 'Done.') {
  if (!ok) return say(detail, true);
  await reload();
  done(text, data);
}

// Find: as typed.
let typing;
async function find(form) {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  isAll = false;
  const url = `${root}desk${query.size ? `?${query}` : ''}`;
  if (!await load(url, '#narrow', '#results')) return;
  history.replaceState(null, '', url);
  live.textContent = $('#count').textContent;
}

// Find: many at once.
const chosen = new Set();
let isAll = false, last;
const boxes = () => $$('.rows input');
function tick(boxes, isOn, all) {
  isAll = all;
  for (const box of boxes) {
    box.checked = isOn;
    chosen[isOn ? 'add' : 'delete'](box.value);
  }
  const form = $('#bulk'), { change, erase, every } = form.elements;
  const total = +$('#count').dataset.total, count = isAll ? total : chosen.size;
  form.hidden = !count;
  $('h2', form).textContent = `${plural(count)} selected`;
  change.textContent = `Change ${plural(count)}`;
  erase.textContent = `Delete ${plural(count)}…`;
  every.textContent = `Select all ${plural(total)}`;
  every.hidden = !(total > count);
}
function selectNone() {
  chosen.clear();
  tick(boxes(), false);
}
function tickOne(event) {
  const all = boxes(), [from, to] = [all.indexOf(last), all.indexOf(this)].sort((left, right) => left - right);
  tick(event.shiftKey && from >= 0 ? all.slice(from, to + 1) : [this], this.checked);
  last = this;
}
function addBoxes() {
  $('#results').classList.add('may');
  for (const row of $$('.rows > li')) {
    const link = $('a', row), value = link.href.split('/').pop();
    row.prepend(make('input', { type: 'checkbox', value, checked: isAll || chosen.has(value), ariaLabel: link.textContent, onclick: tickOne }));
  }
  tick([], true, isAll);
}
async function changeMany({ elements: { add, remove, note } }, submitter) {
  const query = new URLSearchParams(location.search), isDelete = submitter.name === 'erase', verb = isDelete ? 'Delete' : 'Change';
  const matching = { q: query.get('q') ?? undefined, tag: query.has('tag') ? query.getAll('tag') : undefined };
  const body = { select: isAll ? matching : { names: [...chosen] }, ...(isDelete ? { delete: true } : { add_tags: words(add.value), remove_tags: words(remove.value) }) };
  const preview = await call('POST', 'changes?dry_run=true', body), { count } = preview.data;
  if (!preview.ok || !count) return say(preview.ok ? 'Nothing to change.' : preview.detail, true);
  if (!confirm(`${verb} ${plural(count)}? Undo takes it back.`)) return;
  const made = await call('POST', 'changes', body, { note: note.value, revision: preview.current });
  if (made.ok) selectNone();
  ended(made, `${verb}d ${plural(count)}.`);
}

async function create({ elements: { name, short_desc, tags } }) {
  const { data: { did_you_mean: alike } } = await call('GET', `packages?limit=1&q=${encodeURIComponent(name.value)}`);
  if (alike && !confirm(`${alike.join(', ')} looks alike. Create ${name.value} all the same?`)) return;
  const { ok, data, detail } = await call('POST', 'packages', { name: name.value, short_desc: short_desc.value, tags: words(tags.value) });
  if (ok) location.href = `${root}desk/packages/${name.value}`;
  else refuse(data, detail, 'c-');
}

// Shows why something was not saved, at the fields.
function refuse({ errors = [] }, detail, prefix = 'f-') {
  $$('.error').forEach(it => it.remove());
  $$('[aria-invalid]').forEach(it => it.removeAttribute('aria-invalid'));
  say(`Not saved. ${detail}`, true);
  for (const { pointer, detail } of errors) {
    const field = $(`#${prefix}${pointer.split('/')[1]}`), id = `error${pointer}`;
    field?.setAttribute('aria-invalid', true);
    field?.setAttribute('aria-describedby', id);
    field?.after(make('p', { className: 'error', id }, `${pointer} ${detail}`));
  }
  $('[aria-invalid]')?.focus();
}

async function undo(revision) {
  const answer = await call('POST', `changes/${revision}/undo`), names = answer.data.packages ?? [];
  await ended(answer, 'The change was taken back.');
  if (!answer.ok) $('#note').append(...names.slice(0, 20).flatMap(name => [' ', make('a', { href: `${root}desk/changes?name=${name}` }, name)]));
}

// Edit: what is typed is kept in this browser until it is saved.
const draft = () => `pyaday:${location.pathname}`;
const isJson = text => /^[[{"]|^(true|false|null)$/.test(text);
const shown = value => typeof value === 'string' && !isJson(value) ? value : JSON.stringify(value) ?? 'nothing';
const base = () => JSON.parse($('#edit').dataset.package);
const kept = () => JSON.parse(localStorage[draft()] ?? 'null');
function parsed(text, old) {
  try { return isJson(text) || typeof old === 'number' ? JSON.parse(text) : text; } catch { return text; }
}
function addPair(...values) {
  const row = $('#pair').content.firstElementChild.cloneNode(true);
  $$('input', row).forEach((field, at) => field.value = values[at] ?? '');
  $('#pair').before(row);
  return row;
}
function fill({ name, short_desc, tags = [], metadata = {} }) {
  const values = { name, short_desc, tags: tags.join(' ') };
  for (const key in values) $(`#f-${key}`).value = values[key];
  for (const key in metadata) addPair(key, shown(metadata[key]));
}
function typed() {
  const [name, short_desc, tags] = ['name', 'short_desc', 'tags'].map(key => $(`#f-${key}`).value), old = base().metadata ?? {};
  const pairs = $$('.pair').map(row => $$('input', row).map(field => field.value)).filter(([key]) => key);
  return { name, short_desc, tags: words(tags), metadata: Object.fromEntries(pairs.map(([key, text]) => [key, parsed(text, old[key])])) };
}
function keep() {
  localStorage[draft()] = JSON.stringify({ revision: kept()?.revision ?? $('#edit').dataset.revision, typed: typed() });
  $('#kept').textContent = unsaved;
}
function forget() {
  localStorage.removeItem(draft());
  return reload();
}
async function save(body, revision) {
  const { name } = $('#edit').dataset;
  const { ok, status, data, detail } = await call('PUT', `packages/${name}`, body, { note: $('#f-note').value, revision });
  if (status === 412) return conflict(name);
  if (!ok) return refuse(data, detail);
  await forget();
  say('Saved.');
}
async function erase({ name, revision }) {
  if (!confirm(`Delete ${name}? Undo brings it back.`)) return;
  const { ok, detail } = await call('DELETE', `packages/${name}`, null, { revision });
  if (ok) location.href = `${root}desk/changes?name=${name}`;
  else say(detail, true);
}

// Two curators, one package: each part now, as typed, and before.
const flat = ({ tags = [], metadata = {}, ...rest }) => Object.assign({ ...rest, tags: tags.join(' ') }, ...Object.entries(metadata).map(([key, value]) => ({ [`metadata/${key}`]: value })));
async function conflict(name) {
  const { ok, data: theirs, current, detail } = await call('GET', `packages/${name}`);
  if (!ok) return refuse({}, detail);
  const all = [theirs, typed(), base()].map(flat), keys = new Set(all.flatMap(Object.keys)), label = (...content) => make('span', { className: 'k' }, ...content);
  const form = $('#conflict'), values = {}, list = $('fieldset', form);
  list.replaceChildren();
  for (const key of keys) {
    const [now, mine, was] = all.map(it => it[key]);
    values[key] = [now, mine];
    if (same(now, mine)) continue;
    const has = (text, tag) => words(text).includes(tag);
    if (key === 'tags') values.tags.push(words(`${now} ${mine}`).filter(tag => has(now, tag) && has(mine, tag) || !has(was, tag)).join(' '));
    const pick = key === 'tags' ? 2 : +same(now, was), isClash = !pick && !same(mine, was);
    const choices = values[key].map((value, at) => make('label', {}, label(make('input', { type: 'radio', name: key, value: at, checked: at === pick }), ['Theirs, saved now', 'Yours', 'Both together'][at]), shown(value)));
    list.append(make('fieldset', { className: 'member' }, make('legend', {}, `${key} `, isClash ? make('mark', {}, 'changed by both') : ''), make('div', { className: 'three' }, ...choices, make('p', {}, label('Both began with'), shown(was)))));
  }
  [form.hidden, $('#edit').hidden] = [false, true];
  form.onsubmit = () => {
    const result = { metadata: {} }, picked = Object.fromEntries(new FormData(form));
    for (const key of keys) {
      const value = values[key][picked[key] ?? 0];
      if (key.startsWith('metadata/')) result.metadata[key.slice(9)] = value;
      else result[key] = key === 'tags' ? words(value) : value;
    }
    save(result, current);
  };
  $('input', form)?.focus();
}

// Days: pins.
const pin = (date, name, there) => call('PUT', `daily/pins/${date}`, { name }, there ? { revision: there.revision } : { 'If-None-Match': '*' });
const unpin = ({ date, revision }) => call('DELETE', `daily/pins/${date}`, null, { revision });
const pinned = date => $(`#pins [data-date="${date}"]`)?.dataset;
function setPin(from, day, package_name = '') {
  const { elements } = $('#pin');
  elements.from.value = from;
  elements.date.value = day;
  elements.name.value = package_name;
  elements[from ? 'date' : 'name'].focus();
}
async function savePin({ elements: { name, date, from } }) {
  const there = pinned(date.value), old = pinned(from.value);
  let answer = await pin(date.value, name.value, there);
  // A day that has a pin already is swapped.
  if (answer.ok && old && old !== there) answer = await (there ? pin(old.date, there.name, old) : unpin(old));
  ended(answer);
}

// Events.
const data = (it, name) => it.closest(`[data-${name}]`).dataset;
const buttons = {
  undo: it => undo(data(it, 'revision').revision), erase: it => erase(data(it, 'package')), forget,
  every: () => tick(boxes(), true, true), none: selectNone,
  add: () => $('input', addPair()).focus(), remove: it => { it.closest('.pair').remove(); keep(); },
  pin: it => setPin('', data(it, 'date').date), move: it => { const { date, name } = data(it, 'date'); setPin(date, date, name); }, unpin: async it => ended(await unpin(data(it, 'date'))),
};
const forms = { bulk: changeMany, create, pin: savePin, edit: () => save(typed(), kept()?.revision ?? $('#edit').dataset.revision), conflict() {} };
addEventListener('click', ({ target }) => buttons[target.dataset?.do]?.(target));
addEventListener('submit', event => {
  const send = forms[event.target.id];
  if (!send) return;
  event.preventDefault();
  send(event.target, event.submitter);
});
addEventListener('input', ({ target }) => {
  if (target.form?.id === 'edit') keep();
  if (target.id !== 'q') return;
  clearTimeout(typing);
  typing = setTimeout(find, 100, target.form);
});

// Keys. Letters act outside of fields only, and can be switched off (WCAG 2.1.4).
const letters = $('#letters'), rows = '.rows > li, .log > li, #pins [data-date]';
const here = () => document.activeElement.closest(rows) ?? $('main');
const press = name => $(`[data-do=${name}]`, here())?.click();
function go(by) {
  const all = $$(rows);
  $('a', all[Math.max(0, Math.min(all.indexOf(here()) + by, all.length - 1))] ?? document)?.focus();
}
const keys = {
  '/': () => $('#q')?.focus(), j: () => go(1), k: () => go(-1), x: () => $('[type=checkbox]', here())?.click(),
  e: () => $('#edit') ? $('#f-short_desc')?.focus() : $('a', here())?.click(), t: () => $('#bulk:not([hidden]) input, #f-tags')?.focus(),
  u: () => press('undo'), m: () => press('move'), p: () => press('pin'), '[': () => $('[rel=prev]')?.click(), ']': () => $('[rel=next]')?.click(),
  '?': () => { $('#keys').open = true; $('#keys summary').focus(); },
};
addEventListener('keydown', event => {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (key === 'Enter' && ctrlKey) return target.form?.requestSubmit();
  if (ctrlKey || metaKey || altKey || target.matches('input:not([type=checkbox], [type=radio]), textarea, select')) return;
  if (!keys[key] || key !== '?' && !letters.checked) return;
  event.preventDefault();
  keys[key]();
});
letters.checked = localStorage['pyaday:letters'] !== 'off';
letters.onchange = () => localStorage['pyaday:letters'] = letters.checked ? 'on' : 'off';

// Each page.
function enhance() {
  document.body.classList.add('js');
  if ($('#bulk')) addBoxes();
  if (!$('#pair')) return;
  fill(kept()?.typed ?? base());
  if (kept()) $('#kept').textContent = unsaved;
}
enhance();
