// What people do with the desk, in Chromium: `node stories.mjs URL`, where URL is that of the catalogue.
//
// PYADAY_BROWSER names the folder of `node_modules`. A story fails if something is not as it says, if a script
// throws or breaks the policy of the page, and if a page asks for anything from elsewhere.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';

const require = createRequire(`${process.env.PYADAY_BROWSER}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const base = process.argv[2];
const browser = await chromium.launch({ executablePath: process.env.PYADAY_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });

let page, context, faults;
async function open(options = {}) {
  context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  faults = [];
  // A refusal of the API is a part of some stories.
  page.on('console', message => { if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) faults.push(message.text()); });
  page.on('pageerror', error => faults.push(error.message));
  page.on('dialog', dialog => dialog.accept());
  page.on('request', request => { if (!request.url().startsWith(base) && !request.url().startsWith('data:')) faults.push(`a request to ${request.url()}`); });
}
const api = (method, path, data, headers = {}) => context.request.fetch(base + path, { method, data, headers: { 'content-type': 'application/json', ...headers } });
const read = async name => (await api('GET', `/packages/${name}`)).json();
const go = async path => { await page.goto(`${base}/desk${path}`); await page.waitForSelector('body.js'); };
const said = text => page.waitForFunction(text => document.querySelector('#note')?.textContent.includes(text), text);
async function create(name, rest = {}) {
  await api('POST', '/packages', { name, short_desc: '', ...rest });
  const answer = await api('PUT', `/packages/${name}`, { short_desc: '', ...rest });
  assert.equal(answer.status(), 204);
}

const stories = {
  async 'results appear as they are typed, and the URL keeps them'() {
    await create('typed-first', { short_desc: 'Found by its words' });
    await go('');
    await page.keyboard.press('/');
    await page.keyboard.type('found words');
    await page.waitForURL(/q=found\+words/);
    assert.equal(await page.textContent('.rows b a'), 'typed-first');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'q');
    await page.reload();
    assert.equal(await page.textContent('.rows mark'), 'Found');
  },
  async 'a package is edited with the keyboard alone, and the change is taken back'() {
    await create('edited', { short_desc: 'Old', tags: ['a'], metadata: { version: '1.0', rank: 5, list: ['x'], word: 'true' } });
    await go('/packages/edited');
    await page.keyboard.press('e');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('New');
    await page.keyboard.press('Tab');
    await page.keyboard.type('a B');
    await page.fill('#f-note', 'Wörter');
    await page.click('[data-do=add]');
    await page.keyboard.type('own');
    await page.keyboard.press('Tab');
    await page.keyboard.type('3.10');
    await page.keyboard.press('Control+Enter');
    await said('Saved.');
    assert.deepEqual(await read('edited'), { name: 'edited', short_desc: 'New', tags: ['a', 'b'], metadata: { version: '1.0', rank: 5, list: ['x'], word: 'true', own: '3.10' } });
    await go('/changes');
    assert.equal(await page.textContent('.log q'), 'Wörter');
    await page.locator('.log a').first().focus();
    await page.keyboard.press('u');
    await said('taken back');
    assert.equal((await read('edited')).short_desc, 'Old');
  },
  async 'a fault is shown at its field, and nothing typed is lost'() {
    await create('faulty', { tags: ['a'] });
    await go('/packages/faulty');
    await page.fill('#f-tags', 'b@d');
    await page.click('#edit .go');
    await page.waitForSelector('#f-tags[aria-invalid]');
    await page.reload();
    assert.equal(await page.inputValue('#f-tags'), 'b@d');
    await page.route('**/packages/faulty', route => route.request().method() === 'PUT' ? route.abort() : route.continue());
    await page.click('#edit .go');
    await said('cannot be reached');
    faults = faults.filter(it => !/ERR_FAILED/.test(it));
    assert.equal(await page.inputValue('#f-tags'), 'b@d');
    await page.click('#edit [data-do=forget]');
    await page.waitForFunction(() => document.querySelector('#f-tags').value === 'a');
  },
  async 'two curators edit one package, and both keep what they choose'() {
    await create('shared', { short_desc: 'Before.', tags: ['a', 'gone'], metadata: { version: '1' } });
    await go('/packages/shared');
    await page.fill('#f-short_desc', 'Mine.');
    await page.fill('#f-tags', 'a gone mine');
    await create('shared', { short_desc: 'Theirs.', tags: ['a', 'theirs'], metadata: { version: '2' } });
    await page.click('#edit .go');
    await page.waitForSelector('#conflict:not([hidden])');
    assert.equal(await page.locator('.member').count(), 3);
    assert.equal(await page.locator('mark:visible').count(), 1);
    await page.check('#conflict [name=short_desc][value="1"]');
    await page.click('#conflict .go');
    await said('Saved.');
    assert.deepEqual(await read('shared'), { name: 'shared', short_desc: 'Mine.', tags: ['a', 'mine', 'theirs'], metadata: { version: '2' } });
  },
  async 'a package is created, deleted and brought back'() {
    await go('');
    await page.click('summary:has-text("New package")');
    await page.fill('#c-name', 'created');
    await page.fill('#c-short_desc', 'Fresh');
    await page.click('#create .go');
    await page.waitForURL(/packages\/created/);
    assert.equal(await page.textContent('.lead'), 'Fresh');
    await page.click('[data-do=erase]');
    await page.waitForURL(/changes\?name=created/);
    assert.equal((await api('GET', '/packages/created')).status(), 404);
    await page.locator('[data-do=undo]').first().click();
    await said('taken back');
    assert.equal((await read('created')).short_desc, 'Fresh');
  },
  async 'packages are pinned, moved, swapped and unpinned'() {
    for (const name of ['pinned-one', 'pinned-two']) await create(name);
    await go('/days?month=2026-12');
    const days = await page.$$eval('td[data-date]', cells => cells.slice(0, 3).map(cell => cell.dataset.date));
    const pin = async (day, name) => {
      await page.fill('#p-name', name);
      await page.fill('#p-date', day);
      await page.click('#pin .go');
      await page.waitForSelector(`tr[data-date="${day}"][data-name="${name}"]`);
    };
    await page.locator('td [data-do=pin]').first().click();
    assert.equal(await page.inputValue('#p-date'), days[0]);
    await pin(days[0], 'pinned-one');
    await pin(days[1], 'pinned-two');
    await page.click('tr[data-name=pinned-one] [data-do=move]');
    await pin(days[1], 'pinned-one');
    assert.equal(await page.getAttribute('tr[data-name=pinned-two]', 'data-date'), days[0]);
    await page.click('tr[data-name=pinned-one] [data-do=move]');
    await pin(days[2], 'pinned-one');
    assert.equal(await page.locator(`tr[data-date="${days[1]}"]`).count(), 0);
    for (const name of ['pinned-one', 'pinned-two']) {
      await page.click(`tr[data-name=${name}] [data-do=unpin]`);
      await page.waitForSelector(`tr[data-name=${name}]`, { state: 'detached' });
    }
  },
  async 'an undo that is refused says what stands in its way'() {
    await create('twice', { short_desc: 'A' });
    await go('/changes');
    const revision = await page.getAttribute('.log li', 'data-revision');
    await create('twice', { short_desc: 'B' });
    await page.click(`[data-revision="${revision}"] [data-do=undo]`);
    await page.waitForSelector('#note.bad a');
    assert.equal(await page.textContent('#note a'), 'twice');
  },
  async 'letters are keys only where they are switched on'() {
    await go('');
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    await page.keyboard.press('j');
    const first = await focused();
    await page.keyboard.press('j');
    assert.notEqual(await focused(), first);
    await page.keyboard.press('k');
    assert.equal(await focused(), first);
    await page.keyboard.press('?');
    await page.uncheck('#letters');
    await page.keyboard.press('j');
    assert.notEqual(await focused(), first);
    await page.check('#letters');
  },
  async 'readers need no script'() {
    await context.close();
    await open({ javaScriptEnabled: false });
    await page.goto(`${base}/desk`);
    await page.fill('#q', 'framework');
    await page.click('.find .go');
    assert.match(page.url(), /q=framework/);
    await page.locator('.rows a').first().click();
    assert.equal(await page.isVisible('#edit'), false);
    await page.click('nav a:has-text("Days")');
    await page.click('[rel=next]');
    await page.click('nav a:has-text("Changes")');
    await page.selectOption('#what', 'create');
    await page.click('main form button');
    assert.ok(await page.locator('.log > li').count() > 0);
    assert.equal(await page.locator('[data-do]:visible').count(), 0);
  },
  async 'nothing is in the way of people with other eyes and other screens'() {
    await create('accessible', { short_desc: 'Words', tags: ['a'], metadata: { version: '1', project_url: ['Docs, https://example.org'] } });
    const paths = ['', '?q=words', '?q=zzzzz', '/packages/accessible', '/packages/nothing-here', '/days', '/changes'];
    for (const colorScheme of ['light', 'dark']) {
      for (const viewport of [{ width: 1200, height: 900 }, { width: 320, height: 640 }]) {
        await context.close();
        await open({ colorScheme, viewport, bypassCSP: true });
        for (const path of paths) {
          await go(path);
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          assert.deepEqual(violations.map(it => [it.id, it.nodes[0].html]), [], `${path} ${colorScheme} ${viewport.width}`);
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is wider than ${viewport.width}`);
        }
      }
    }
  },
};

let failed = 0;
for (const [name, story] of Object.entries(stories)) {
  await open();
  try {
    await story();
    assert.deepEqual(faults, []);
    console.log(`ok: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${name}\n${error.message}\n`);
  }
  await context.close();
}
await browser.close();
process.exit(failed ? 1 : 0);
