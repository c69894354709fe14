// The script of the desk. It writes through the JSON API.
const root = new URL(document.body.dataset.root || '.', location).href;
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const copy = template => $(template).content.firstElementChild.cloneNode(true);
const make = (name, textContent, properties) => Object.assign(document.createElement(name), { textContent }, properties);
const links = (names, path = 'desk/packages/') => names.slice(0, 20).flatMap(name => [' ', make('a', name, { href: root + path + name })]);
const plural = count => `${count.toLocaleString('en')} package${count === 1 ? '' : 's'}`;
const words = text => [...new Set(text.toLowerCase().split(/[\s,]+/).filter(Boolean))].sort();

function say(text, kind = '', ...more) {
	const note = make('p', text, { id: 'note', className: `note ${kind}` });
	note.append(...more);
	$('#note')?.remove();
	$('main').prepend(note);
	$('#live').textContent = text;
	scrollTo(0, 0);
}

// Calls the service. Throws what it answers if it refuses.
async function call(method, path, body, { note, revision, again, ...headers } = {}) {
	if (body && !body.type) body = new Blob([JSON.stringify(body)], { type: 'application/json' });
	if (revision) headers['If-Match'] = `"${revision}"`;
	// RFC 9651
	if (note) headers['Change-Note'] = `%"${encodeURIComponent(note).replace(/%../g, code => code.toLowerCase())}"`;
	const lost = () => { throw {}; }, response = await fetch(root + path, { method, headers, body }).catch(lost), { ok, status } = response;
	const text = await response.text().catch(lost), data = text[0] === '{' ? JSON.parse(text) : text;
	if (!ok) throw { detail: `The server answered ${status}.`, ...data, status, again };
	return { data, current: response.headers.get('ETag')?.replaceAll('"', '') };
}
const search = q => call('GET', `packages?limit=200&q=${encodeURIComponent(q)}`).then(it => it.data, () => ({}));

// Shows why something was refused, or tries it again.
const run = (work, ...values) => work?.(...values)?.catch(error => {
	if (error instanceof Error) throw error;
	error.again && error.status === 412 ? run(error.again) : refuse(error);
});
function refuse({ status, detail = 'The server cannot be reached.', errors = [], packages = [] }) {
	if (status === 412) detail = 'Somebody else changed this. Load the page again.';
	if (errors[0]) detail = 'Nothing was saved.';
	for (const it of $$('p.error')) {
		it.previousElementSibling.removeAttribute('aria-describedby');
		it.previousElementSibling.ariaInvalid = null;
		it.remove();
	}
	for (const { pointer, detail: rule } of errors) {
		const [, part] = pointer.split('/'), field = $(`#b-${part}, #c-${part}, #f-${part}`), id = `error${pointer}`, text = `${pointer} ${rule}`;
		if (!field) {
			detail += ` ${text}.`;
			continue;
		}
		field.ariaInvalid = true;
		field.setAttribute('aria-describedby', id);
		field.after(make('p', text, { className: 'error', id }));
	}
	const way = status === 401 && $('.who a');
	say(detail, 'bad', ...links(packages, 'desk/changes?name='), ...way ? [' ', make('a', 'Sign in', { href: way.href })] : []);
	$('[aria-invalid]')?.focus();
}

// Replaces parts of this page.
let loads = 0;
async function load(...parts) {
	const turn = ++loads, { data } = await call('GET', location.href.slice(root.length)), page = new DOMParser().parseFromString(data, 'text/html');
	if (turn !== loads || !$(parts[0], page)) return;
	for (const part of parts) $(part).replaceWith($(part, page));
	document.title = page.title;
	$('#live').textContent = $('#count')?.textContent;
	enhance();
}

// Shows what a write has done.
async function done(text = 'Done.', { change, revision = change } = {}) {
	await load('main');
	say(text, '', ...revision ? [' ', make('a', 'See or undo it', { href: `${root}desk/changes/${revision}` })] : []);
}
// The request that a button names.
async function send({ dataset: { send, revision, ask, said, then } }) {
	if (ask && !confirm(ask)) return;
	const { data } = await call(...send.split(' '), null, { revision });
	if (then) location.href = root + then;
	else return done(said, data);
}

// Find: as typed.
function find({ form }) {
	history.replaceState(null, '', `desk?${new URLSearchParams(new FormData(form))}`);
	return load('#narrow', '#results');
}

// Offers tags of packages that are found.
async function complete({ value }) {
	const [, before, word] = /^(.*?)([^\s,]*)$/.exec(value), { items = [] } = word && await search(word);
	const tags = words(items.flatMap(it => it.tags).join(' ')).filter(tag => tag.startsWith(word));
	$('#known').replaceChildren(...tags.map(tag => make('option', '', { value: before + tag })));
}

// Find: many at once.
let isAll;
const boxes = () => $$('.rows input');
const picked = () => boxes().filter(it => it.checked);
function addBoxes() {
	for (const row of $$('.rows > li')) {
		const { textContent: value } = $('a', row);
		row.prepend(make('input', '', { type: 'checkbox', value, ariaLabel: value, onclick: () => tick([]) }));
	}
	tick([]);
}
function tick(some, isOn, all) {
	for (const box of some) box.checked = isOn;
	isAll = all;
	const form = $('#bulk'), { total } = $('#count').dataset, { length } = picked(), count = isAll ? +total : length;
	$('#page').checked = length === boxes().length;
	form.hidden = !count;
	$$('.n', form).forEach(it => it.textContent = plural(count));
	form.elements.every.hidden = !(total > count);
}
async function bulk(form, button) {
	const { add, remove, note } = form.elements, query = new URLSearchParams(location.search), verb = button?.value ?? 'Change', isDelete = verb === 'Delete';
	if (!isDelete && !add.value && !remove.value) return add.focus();
	const select = isAll ? { q: query.get('q') ?? '', tag: query.getAll('tag') } : { names: picked().map(it => it.value) };
	const tags = it => isDelete ? [] : words(it.value), body = { select, delete: isDelete, add_tags: tags(add), remove_tags: tags(remove) };
	const { data: { count }, current } = await call('POST', 'changes?dry_run=true', body);
	if (!count) return say('The packages are like that already.');
	if (!confirm(`${verb} ${plural(count)}? Undo takes it back.`)) return;
	const { data } = await call('POST', 'changes', body, { note: note.value, revision: current, again: () => bulk(form, button) });
	return done(`${verb}d ${plural(count)}.`, data);
}

const given = ({ elements: { name, short_desc, tags } }) => ({ name: name.value, short_desc: short_desc.value, tags: words(tags.value) });
async function create(form) {
	const body = given(form), { name } = body, { did_you_mean: alike } = await search(name), warning = $('#alike');
	warning.hidden = !alike || warning.dataset.name === name;
	warning.dataset.name = name;
	if (!warning.hidden) return $('span', warning).replaceChildren(...links(alike));
	await call('POST', 'packages', body);
	location.href = `desk/packages/${name}`;
}

// Import exactly what the preview shows.
async function preview(form) {
	const { file, text, existing, tag, note } = form.elements, source = [file.files[0] ?? text.value], begin = (await new Blob(source).text()).trim();
	const type = { '[': 'application/json', '{': 'application/x-ndjson' }[begin[0]] ?? (/^.*\t/.test(begin) ? 'text/tab-separated-values' : 'text/csv');
	const body = new Blob(source, { type }), path = `import?${new URLSearchParams([['on_existing', existing.value], ...words(tag.value).map(tag => ['tag', tag])])}`;
	const { data: { counts, rows }, current } = await call('POST', `${path}&dry_run=true&report=all`, body);
	const plan = $('#preview'), count = plural(counts.added + counts.changed), rank = it => !(it.reason ?? it.look_alike);
	counts.look_alike = rows.filter(it => it.look_alike).length;
	for (const it of $$('[data-count]')) $('b', it).textContent = counts[it.dataset.count];
	$('tbody', plan).replaceChildren(...rows.sort((left, right) => rank(left) - rank(right)).slice(0, 500).map(showRow));
	$('.n', plan).textContent = count;
	plan.hidden = false;
	plan.scrollIntoView();
	forms.preview = async () => {
		const again = () => preview(form).then(() => say('Somebody else was faster, so nothing was written. Look at the new preview.'));
		const { data } = await call('POST', path, body, { note: note.value, revision: current, again });
		return done(`Imported ${count}.`, data);
	};
}
function showRow({ line, name, effect, members, reason, look_alike }) {
	const row = copy('#row'), { cells } = row;
	row.className = effect;
	// A row that is refused may have no name.
	[line, effect, name || '–', reason ?? members?.join(', ')].forEach((text, at) => cells[at].textContent = text);
	if (look_alike) cells[3].append(make('mark', 'Looks like'), ...links([look_alike]));
	return row;
}

// Edit. Keeps what is typed until it is saved.
const draft = `pyaday:${location.pathname}`;
const isJson = text => /^[[{"]|^(true|false|null)$/.test(text);
const shown = value => typeof value === 'string' && !isJson(value) ? value : JSON.stringify(value) ?? '(nothing)';
const kept = () => JSON.parse(localStorage[draft] ?? 'null');
const began = () => kept() ?? $('#edit').dataset;
const base = () => JSON.parse(began().package);
function parsed(text, old) {
	try { return isJson(text) || typeof old === 'number' ? JSON.parse(text) : text; } catch { return text; }
}
const inputs = () => $$('#edit :is(input, textarea)');
const addPair = () => $('#pair').before(copy('#pair'));
function typed() {
	const old = base().metadata ?? {};
	const pairs = $$('.pair').map(row => $$('input', row).map(it => it.value)).filter(([key]) => key);
	return { ...given($('#edit')), metadata: Object.fromEntries(pairs.map(([key, text]) => [key, parsed(text, old[key])])) };
}
function keep() {
	localStorage[draft] = JSON.stringify({ ...began(), values: inputs().map(it => it.value) });
	$('#kept').hidden = false;
}
function restore() {
	const { values } = kept() ?? {};
	$('#kept').hidden = !values;
	if (!values) return;
	while (inputs().length < values.length) addPair();
	while (inputs().length > values.length) $('.pair').remove();
	inputs().forEach((it, at) => it.value = values[at]);
}
function forget() {
	delete localStorage[draft];
	return load('main');
}
async function save(body, revision) {
	const { name } = $('#edit').dataset;
	await call('PUT', `packages/${name}`, body, { note: $('#f-note').value, revision, again: () => conflict(name) });
	return saved();
}
const saved = () => forget().then(() => say('Saved.'));

// Two curators, one package.
function flat({ tags = [], metadata = {}, ...rest }) {
	for (const key in metadata) rest[`metadata/${key}`] = metadata[key];
	return { ...rest, tags: tags.join(' ') };
}
async function conflict(name) {
	const { data, current } = await call('GET', `packages/${name}`), all = [data, typed(), base()].map(flat);
	const form = $('#conflict'), list = $('fieldset', form), values = {};
	list.replaceChildren();
	for (const key of new Set(all.flatMap(Object.keys))) {
		const [now, mine, was] = all.map(it => it[key]), [theirs, yours, before] = [now, mine, was].map(shown), isTags = key === 'tags';
		values[key] = [now, mine];
		if (theirs === yours) continue;
		const part = copy('#member'), labels = $$('label', part), pick = isTags ? 2 : +(theirs === before), has = (text, tag) => words(text).includes(tag);
		if (isTags) values.tags.push(words(`${now} ${mine}`).filter(tag => has(now, tag) && has(mine, tag) || !has(was, tag)).join(' '));
		else labels.pop().remove();
		$('legend', part).prepend(`${key} `);
		if (pick || yours === before) $('mark', part).remove();
		labels.forEach((label, at) => {
			Object.assign($('input', label), { name: key, checked: at === pick });
			label.append(shown(values[key][at]));
		});
		$('p', part).append(before);
		list.append(part);
	}
	forms.conflict = () => {
		const result = { metadata: {} }, picked = Object.fromEntries(new FormData(form));
		for (const key in values) {
			const value = values[key][picked[key] ?? 0];
			if (key.startsWith('metadata/')) result.metadata[key.slice(9)] = value;
			else result[key] = key === 'tags' ? words(value) : value;
		}
		return save(result, current);
	};
	// An earlier answer was lost.
	if (!list.firstChild) return saved();
	[form.hidden, $('#edit').hidden] = [false, true];
	$('input', form).focus();
}

const pinned = date => $(`#pins [data-date="${date}"]`)?.dataset;
const pin = (date, name, there) => call('PUT', `daily/pins/${date}`, { name }, there ? { revision: there.revision } : { 'If-None-Match': '*' });
function setPin(button) {
	const { dataset } = button.closest('[data-date]'), { elements } = $('#pin');
	for (const key of ['date', 'name', 'from']) elements[key].value = dataset[key] ?? '';
	elements[dataset.name ? 'date' : 'name'].focus();
}
async function savePin({ elements: { name, date, from } }) {
	const there = pinned(date.value), old = pinned(from.value);
	await pin(date.value, name.value, there);
	// Two pins are swapped.
	if (old && old !== there) await (there ? pin(old.date, there.name, old) : call('DELETE', `daily/pins/${old.date}`, null, { revision: old.revision }));
	return done();
}

const buttons = {
	page: it => tick(boxes(), it.checked), every: () => tick(boxes(), true, true), none: () => tick(boxes()),
	add: () => { addPair(); $$('.pair input').at(-2).focus(); }, remove: it => { it.closest('.pair').remove(); keep(); }, forget, pin: setPin, move: setPin,
};
const forms = { bulk, create, import: preview, pin: savePin, edit: () => save(typed(), began().revision) };
onclick = ({ target }) => {
	run(target.dataset.send ? send : buttons[target.dataset.do], target);
};
onsubmit = ({ target, submitter }) => {
	const work = forms[target.id];
	run(work, target, submitter);
	return !work;
};
let typing;
oninput = ({ target }) => {
	const { id, form, list } = target;
	({ edit: keep, import: () => $('#preview').hidden = true })[form?.id]?.();
	clearTimeout(typing);
	typing = setTimeout(run, 100, id === 'q' ? find : list && complete, target);
};
ondragover = () => !$('#import');
ondrop = ({ dataTransfer }) => {
	const form = $('#import');
	if (form) form.elements.file.files = dataTransfer.files;
	run(form && preview, form);
	return !form;
};

// Keys, as they are listed. Letters can be switched off (WCAG 2.1.4).
const letters = $('#letters'), off = 'pyaday:letters';
onkeydown = ({ key, target, ctrlKey, metaKey, altKey }) => {
	if (key === 'Enter' && ctrlKey) return target.form?.requestSubmit();
	if (ctrlKey || metaKey || altKey || target.matches('input:not([type=checkbox]), textarea, select') || key !== '?' && !letters.checked) return;
	const { go, press = go } = $$('#keys kbd').find(it => it.textContent === key)?.dataset ?? {}, it = press && $(press);
	if (!it) return;
	it.focus();
	if (!go) it.click();
	return false;
};
letters.checked = localStorage[off] !== 'false';
letters.onchange = () => localStorage[off] = letters.checked;

function enhance() {
	document.body.className = 'js';
	if ($('#bulk')) addBoxes();
	if ($('#pair')) restore();
}
enhance();
