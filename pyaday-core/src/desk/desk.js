// The script of the desk. It writes through the JSON API.
const root = new URL(document.body.dataset.root || '.', location).href;
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const copy = template => $(template).content.firstElementChild.cloneNode(true);
const make = (name, textContent, properties) => Object.assign(document.createElement(name), { textContent }, properties);
const links = (names, path = 'desk/packages/') => names.slice(0, 20).flatMap(name => [' ', make('a', name, { href: root + path + name })]);
const plural = count => `${count.toLocaleString('en')} package${count - 1 ? 's' : ''}`;
const words = text => [...new Set(text.toLowerCase().match(/[^\s,]+/g))].sort();

function say(text, kind = '', ...more) {
	let note = make('p', text, { id: 'note', className: `note ${kind}`, tabIndex: -1 });
	note.append(...more);
	$('#note')?.remove();
	$('main').prepend(note);
	$('#live').textContent = text;
	scrollTo(0, 0);
}

// Calls the service. Throws what it answers if it refuses.
async function call(method, path, body, { note, revision, again, ...headers } = {}) {
	if (body && !body.type) body = new Blob([body.at ? body : JSON.stringify(body)], { type: 'application/json' });
	if (revision) headers['If-Match'] = `"${revision}"`;
	// RFC 9651
	if (note) headers['Change-Note'] = `%"${encodeURIComponent(note).replace(/%../g, code => code.toLowerCase())}"`;
	let [response, text] = await fetch(root + path, { method, headers, body }).then(async it => [it, await it.text()]).catch(() => { throw {}; });
	let { ok, status } = response, data = text[0] === '{' ? JSON.parse(text) : text;
	if (!ok) throw { detail: `The server answered ${status}.`, ...data, status, again };
	return { data, current: (response.headers.get('ETag') ?? '?').replace(/W\/|"/g, '') };
}
const search = q => call('GET', `packages?limit=200&q=${encodeURIComponent(q)}`).then(it => it.data, () => ({}));

const run = (work, ...values) => work?.(...values)?.catch(error => {
	if (!error) return;
	if (error instanceof Error) throw error;
	error.again && error.status === 412 ? run(error.again) : refuse(error);
});
function ask(question) {
	let box = $('#ask');
	$('p', box).textContent = question;
	box.returnValue = '';
	box.showModal();
	return new Promise((yes, no) => box.onclose = () => box.returnValue ? yes() : no());
}
function refuse({ status, detail = 'The server cannot be reached.', errors = [], packages = [] }) {
	if (status === 412) detail = 'Somebody changed this, or it exists already.';
	if (errors[0]) detail = 'Nothing was saved.';
	$$('.error').forEach(it => it.remove());
	$$('[aria-invalid]').forEach(it => it.ariaInvalid = null);
	errors.forEach(({ pointer, detail: rule, at }, id) => {
		let text = `${pointer} ${rule}`, field = at ?? $(`[id$="-${pointer.split('/')[1]}"]`);
		if (!field || field.ariaInvalid) return detail += ` ${text}.`;
		field.ariaInvalid = true;
		field.setAttribute('aria-describedby', id = `error${id}`);
		field.after(make('p', text, { className: 'error', id }));
	});
	let way = status === 401 && $('.who a');
	say(detail, 'bad', ...links(packages, 'desk/changes?name='), ...way ? [' ', make('a', 'Sign in', { href: way.href })] : []);
	$(':is(input, textarea)[aria-invalid], [aria-invalid] input')?.focus();
}

const fresh = async () => new DOMParser().parseFromString((await call('GET', location.href.slice(root.length))).data, 'text/html');
let loads = 0;
async function load(...parts) {
	let turn = ++loads, page = await fresh();
	if (turn !== loads || !$(parts[0], page)) return;
	for (let part of parts) $(part).replaceWith($(part, page));
	document.title = page.title;
	enhance(...parts);
}

async function done(form, text = 'Done.', { change, revision = change } = {}) {
	if (form) drop(form);
	await load('main');
	say(text, '', ...revision ? [' ', make('a', 'See or undo it', { href: `${root}desk/changes/${revision}` })] : []);
	$('#note').focus();
}
async function send({ dataset: { send, revision, question, said, then } }) {
	if (question) await ask(question);
	let { data } = await call(...send.split(' '), null, { revision });
	if (then) location.href = root + then;
	else return done(0, said, data);
}

let typing;
async function find({ form }) {
	history.replaceState(null, '', `desk?${new URLSearchParams(new FormData(form))}`);
	await load('#narrow', '#results');
	// Screen readers would read a number after each letter.
	clearTimeout(typing);
	typing = setTimeout(() => $('#live').textContent = $('#count').textContent, 500);
}

async function complete({ value }) {
	let [, before, word] = /^(.*?)([^\s,]*)$/.exec(value), { items = [] } = word && await search(word);
	let tags = words(items.flatMap(it => it.tags).join(' ')).filter(tag => tag.startsWith(word));
	$('#known').replaceChildren(...tags.map(tag => make('option', '', { value: before + tag })));
}

let isAll, shown;
const boxes = () => $$('.rows input');
const picked = () => $$('.rows :checked');
function addBoxes() {
	shown = location.search;
	for (let row of $$('.rows > li')) {
		let { textContent: value } = $('a', row);
		row.prepend(make('input', '', { type: 'checkbox', value, ariaLabel: value, onclick: () => tick([]) }));
	}
	tick([]);
}
function tick(some, isOn, all) {
	for (let box of some) box.checked = isOn;
	isAll = all;
	let form = $('#bulk'), { total } = $('#count').dataset, { length } = picked(), count = isAll ? +total : length;
	$('#page').checked = length === boxes().length;
	form.hidden = !count;
	$$('.n', form).forEach(it => it.textContent = plural(count));
	form.elements.every.hidden = !(total > count);
}
async function bulk(form, button) {
	let { add, remove, note } = form.elements, query = new URLSearchParams(shown), verb = button?.value ?? 'Change', isDelete = verb === 'Delete';
	if (!(isDelete || add.value || remove.value)) return add.focus();
	let select = isAll ? { q: query.get('q') ?? '', tag: query.getAll('tag') } : { names: picked().map(it => it.value) };
	let body = isDelete ? { select, delete: true } : { select, add_tags: words(add.value), remove_tags: words(remove.value) };
	let { data: { count }, current } = await call('POST', 'changes?dry_run=true', body);
	if (!count) return say('Nothing would change.');
	await ask(`${verb} ${plural(count)}${isDelete ? '' : ` (add: ${body.add_tags}; remove: ${body.remove_tags})`}?`);
	let { data } = await call('POST', 'changes', body, { note: note.value, revision: current, again: () => bulk(form, button) });
	return done(form, `${verb}d ${plural(count)}.`, data);
}

const given = ({ elements: { name, short_desc, tags } }) => ({ name: name.value, short_desc: short_desc.value, tags: words(tags.value) });
async function create(form) {
	let body = given(form), { name } = body, { did_you_mean = '' } = await search(name);
	// A preview knows names that look alike. Not everyone may import.
	let more = await call('POST', 'import?dry_run=true', `[${JSON.stringify(body)}]`).then(it => it.data.rows.map(it => it.look_alike), () => '');
	let alike = words(`${did_you_mean} ${more}`).join(', ');
	if (alike) await ask(`There is already ${alike}. Create ${name}?`);
	await call('POST', 'packages', body);
	drop(form);
	location.href = `desk/packages/${name}`;
}

// Import exactly what the preview shows.
async function preview(form) {
	let { file, text, existing, tag, note } = form.elements, source = [file.files[0] ?? text.value], begin = (await new Blob(source).text()).trim();
	let type = { '[': 'application/json', '{': 'application/x-ndjson' }[begin[0]] ?? (/^.*\t/.test(begin) ? 'text/tab-separated-values' : 'text/csv');
	let body = new Blob(source, { type }), path = `import?${new URLSearchParams([['on_existing', existing.value], ...words(tag.value).map(tag => ['tag', tag])])}`;
	let { data: { counts, rows }, current } = await call('POST', `${path}&dry_run=true&report=all`, body);
	let plan = $('#preview'), count = plural(counts.added + counts.changed), rank = it => !(it.reason ?? it.look_alike);
	counts.look_alike = rows.filter(it => it.look_alike).length;
	for (let it of $$('[data-count]')) $('b', it).textContent = counts[it.dataset.count];
	$('tbody', plan).replaceChildren(...rows.sort((a, b) => rank(a) - rank(b)).slice(0, 500).map(showRow));
	$('.n', plan).textContent = count;
	$('#more').hidden = !rows[500];
	plan.hidden = false;
	plan.scrollIntoView();
	forms.preview = async () => {
		let again = () => preview(form).then(() => say('Somebody was faster. Look again.'));
		let { data } = await call('POST', path, body, { note: note.value, revision: current, again });
		return done(form, `Imported ${count}.`, data);
	};
}
function showRow({ line, name, effect, members, reason, look_alike }) {
	let row = copy('#row'), { cells } = row;
	row.className = effect;
	[line, effect, name || '–', reason ?? members].forEach((text, at) => cells[at].textContent = text);
	if (look_alike) cells[3].append(make('mark', 'Looks like'), ...links([look_alike]));
	return row;
}

// Keeps what is typed until it is sent: each tab by itself, as two of them may have the same page.
let typed = {};
// Letters can be switched off (WCAG 2.1.4).
const letters = $('#letters'), off = 'pyaday:keys';
letters.onchange = () => localStorage[off] = letters.checked;
// A browser may forbid it.
try { [typed, letters.checked] = [sessionStorage, localStorage[off] !== 'false']; } catch {}
const place = ({ dataset: { keep } }) => `${$('.who')?.textContent}:${location.pathname} ${keep}`;
const fields = form => $$(':is(input:not([type=file]), textarea, select)', form);
const drop = form => delete typed[place(form)];
const addPair = () => $('#pair').before(copy('#pair'));
let began;
function keep(form) {
	try {
		typed[place(form)] = JSON.stringify({ ...began, values: fields(form).map(it => it.value) });
		$$('#kept').forEach(it => it.hidden = false);
	} catch {} // It is full.
}
function restore(form) {
	let { values, ...since } = JSON.parse(typed[place(form)] ?? '{}'), { revision } = form.dataset;
	if (revision) began = values ? since : { revision, base: [...parts()] };
	if (!values) return;
	// The form for a new package is in one that can be opened. To any other element it means nothing.
	form.parentNode.open = true;
	while (fields(form).length < values.length) addPair();
	while (fields(form).length > values.length) $('.pair').remove();
	fields(form).forEach((it, at) => it.value = values[at]);
	keep(form);
}

// Edit. The parts of a package in a form, as texts of JSON: a number that is parsed may lose digits.
const inner = 'metadata/';
function parts(page = document) {
	let all = new Map(), json = (at, is) => {
		try { is && JSON.parse(at.value); } catch { fault(at, 'is not JSON'); }
		return is ? at.value : JSON.stringify(at.value);
	}, fault = (at, detail) => { throw { errors: [{ pointer: 'This', detail, at }] }; };
	for (let [key, value] of Object.entries(given($('#edit', page)))) all.set(key, JSON.stringify(value));
	for (let it of $$('#j-metadata', page)) all.set('metadata', json(it, 1));
	for (let row of $$('.pair', page)) {
		let [name, value] = $$('input', row), key = inner + JSON.parse(json(name, name.value[0] === '"'));
		if (all.has(key)) fault(name, 'is another field’s name');
		all.set(key, json(value, $('select', row).value === 'JSON'));
	}
	return all;
}
async function save(parts, revision) {
	let { name } = $('#edit').dataset, outer = [], metadata = [];
	for (let [key, text] of parts) (key.startsWith(inner) ? metadata : outer).push(`${JSON.stringify(key.replace(inner, ''))}:${text}`);
	if (metadata[0]) outer.push(`"metadata":{${metadata}}`);
	await call('PUT', `packages/${name}`, `{${outer}}`, { note: $('#f-note').value, revision, again: conflict });
	return saved();
}
const saved = (text = 'Saved.') => done($('#edit'), text);

// Two curators, one package.
async function conflict() {
	let page = await fresh(), all = [parts(page), parts(), new Map(began.base)];
	let form = $('#conflict'), list = $('fieldset', form), values = new Map();
	list.replaceChildren();
	for (let key of new Set(all.flatMap(it => [...it.keys()]))) {
		let texts = all.map(it => it.get(key)), [theirs, yours, before] = texts, both = [theirs, yours];
		values.set(key, both);
		if (theirs === yours) continue;
		let shown = text => /^metadata/.test(key) ? text ?? '–' : [JSON.parse(text)].flat().join(' ');
		let part = copy('#member'), labels = $$('label', part), pick = key === 'tags' ? 2 : +(theirs === before);
		if (pick === 2) {
			let [now, mine, was] = texts.map(JSON.parse);
			both.push(JSON.stringify(words(`${now} ${mine}`).filter(tag => now.includes(tag) && mine.includes(tag) || !was.includes(tag))));
		} else labels.pop().remove();
		$('legend', part).prepend(`${key} `);
		if (pick || yours === before) $('mark', part).remove();
		labels.forEach((label, at) => {
			Object.assign($('input', label), { name: key, checked: at === pick });
			label.append(shown(both[at]));
		});
		$('p', part).append(shown(before));
		list.append(part);
	}
	forms.conflict = () => {
		let picked = new FormData(form);
		return save([...values].map(([key, of]) => [key, of[picked.get(key) ?? 0]]).filter(it => it[1]), $('#edit', page).dataset.revision);
	};
	// An earlier answer was lost.
	if (!list.firstChild) return saved();
	[form.hidden, $('#edit').hidden] = [false, true];
	$('input', form).focus();
}

const pinned = date => $(`#pins [data-date="${date}"]`)?.dataset;
const put = (date, name, there) => call(name ? 'PUT' : 'DELETE', `daily/pins/${date}`, name && { name }, there ? { revision: there.revision } : { 'If-None-Match': '*' });
function setPin(button) {
	let { dataset } = button.closest('[data-date]'), { elements } = $('#pin');
	for (let key of ['date', 'name', 'from']) elements[key].value = dataset[key] ?? '';
	elements[dataset.name ? 'date' : 'name'].focus();
}
async function pin(form) {
	let { name, date, from } = form.elements;
	let old = pinned(from.value), there = old && pinned(date.value);
	await put(date.value, name.value, there);
	if (old && old !== there && old.name === name.value) await put(old.date, there?.name, old);
	return done(form);
}

const buttons = {
	page: it => tick(boxes(), it.checked), every: () => tick(boxes(), 1, 1), none: () => tick(boxes()),
	add: () => { addPair(); $$('.pair input').at(-2).focus(); }, remove: it => { it.closest('.pair').remove(); keep($('#edit')); },
	forget: () => saved('Discarded.'), pin: setPin, move: setPin,
};
const forms = { bulk, create, import: preview, pin, edit: async () => save(parts(), began.revision) };
onclick = ({ target: it }) => run(it.dataset.send ? send : buttons[it.dataset.do], it);
onsubmit = ({ target, submitter }) => {
	let work = forms[target.id], at = document.activeElement;
	if (!work) return;
	// What is typed meanwhile would be lost.
	target.inert = true;
	run(() => work(target, submitter).finally(() => {
		target.inert = false;
		at.focus();
	}));
	return false;
};
oninput = ({ target }) => {
	let { id, form, list } = target;
	if (form?.dataset.keep) keep(form);
	if (form?.id === 'import') $('#preview').hidden = true;
	run(id === 'q' ? find : list && complete, target);
};
ondragover = () => !$('#i-file');
ondrop = ({ dataTransfer }) => {
	let file = $('#i-file');
	if (!file) return;
	file.files = dataTransfer.files;
	run(preview, file.form);
	return false;
};

onkeydown = ({ key, target, ctrlKey, metaKey, altKey }) => {
	if (key === 'Enter' && ctrlKey) return target.form?.requestSubmit();
	if (ctrlKey || metaKey || altKey || $('dialog[open]') || target.matches('input:not([type=checkbox]), textarea, select') || key !== '?' && !letters.checked) return;
	let { go, press = go } = $$('#keys kbd').find(it => it.textContent === key)?.dataset ?? {}, it = press && $(press);
	if (!it) return;
	it.focus();
	if (!go) it.click();
	return false;
};

function enhance(...parts) {
	document.body.className = 'js';
	if ($('#bulk')) addBoxes();
	for (let part of parts) $$(`${part} [data-keep]`).forEach(restore);
}
enhance('main');
