// Nothing that was typed is lost.
import assert from 'node:assert/strict';

const away = /ERR_INTERNET_DISCONNECTED/;

// Opens a package and types into two fields.
async function typeInto(visitor, name) {
  await visitor.create(name, { short_desc: 'Before', metadata: { version: '1' } });
  await visitor.go(`/packages/${name}`);
  await visitor.page.fill('#f-short_desc', 'Typed');
  await visitor.page.click('[data-do=add]');
  await visitor.type('key');
}

async function isThere({ page }) {
  assert.equal(await page.inputValue('#f-short_desc'), 'Typed');
  assert.deepEqual(await page.$$eval('.pair input', all => all.map(it => it.value)), ['version', '1', 'key', '']);
}

export default {
  async 'a reload keeps what was typed, until it is discarded'(visitor) {
    const { page } = visitor;
    await typeInto(visitor, 'reloaded');
    await page.reload();
    await page.waitForSelector('#kept:visible');
    await isThere(visitor);
    // The other form does not have it, so no link leads there.
    assert.equal(await page.isVisible('text=Edit all metadata as JSON'), false);
    // So does a look at another page.
    await page.click('nav a:has-text("Days")');
    await page.goBack();
    await isThere(visitor);
    await page.click('#edit [data-do=forget]');
    await page.waitForFunction(() => document.querySelector('#f-short_desc').value === 'Before');
    assert.equal(await page.locator('.pair').count(), 1);
    assert.equal(await page.isVisible('#kept'), false);
  },
  async 'two tabs with one package keep what was typed into each'(visitor) {
    const { page, context, base } = visitor;
    await typeInto(visitor, 'two-tabs');
    const other = await context.newPage();
    await other.goto(`${base}/desk/packages/two-tabs`);
    await other.waitForSelector('body.js');
    assert.equal(await other.inputValue('#f-short_desc'), 'Before');
    await other.fill('#f-tags', 'other');
    await page.reload();
    await isThere(visitor);
    await other.click('#edit .go');
    await other.waitForFunction(() => document.querySelector('#note')?.textContent.includes('Saved.'));
    await page.reload();
    await isThere(visitor);
    assert.equal(await page.inputValue('#f-tags'), '');
    // This story has opened the window itself.
    visitor.faults = visitor.faults.filter(it => !it.startsWith('window of'));
  },
  async 'a reload keeps what was typed for a new package, until it is created'(visitor) {
    const { page } = visitor;
    await visitor.go('');
    await page.click('summary:has-text("New package")');
    await page.fill('#c-name', 'kept-new');
    await page.fill('#c-short_desc', 'Typed');
    await page.reload();
    // A search does not take it away either.
    await page.waitForSelector('#c-name:visible');
    await page.fill('#q', 'kept');
    await page.waitForURL(/q=kept/);
    assert.equal(await page.inputValue('#c-short_desc'), 'Typed');
    await page.click('#create .go');
    await page.waitForURL(/packages\/kept-new/);
    await visitor.go('');
    assert.equal(await page.isVisible('#c-name'), false);
    assert.equal(await page.inputValue('#c-name'), '');
  },
  async 'a reload keeps what was typed for many packages, a table that was pasted, and a pin'(visitor) {
    const { page } = visitor;
    await visitor.create('kept-many');
    const fields = { '#b-add_tags': 'typed-tag', '#i-text': 'name\tsummary\nkept-pasted\tx', '#i-tag': 'typed', '#p-name': 'kept-many' };
    const pick = async () => { await page.goto(`${visitor.base}/desk?q=kept-many`); await page.click('.rows input'); };
    const pages = { '#b': pick, '#i': () => visitor.go('/import'), '#p': () => visitor.go('/days') };
    for (const [field, text] of Object.entries(fields)) {
      await pages[field.slice(0, 2)]();
      await page.fill(field, text);
    }
    for (const [field, text] of Object.entries(fields)) {
      await pages[field.slice(0, 2)]();
      assert.equal(await page.inputValue(field), text);
    }
    // What was sent is not kept.
    await pick();
    await page.click('#bulk .go');
    await visitor.agree(/Change 1 package/);
    await visitor.said('Changed 1 package');
    await pick();
    assert.equal(await page.inputValue('#b-add_tags'), '');
    await visitor.go('/import');
    await page.click('#import .go');
    await page.click('#preview .go');
    await visitor.said('Imported 1 package');
    assert.deepEqual([await page.inputValue('#i-text'), await page.inputValue('#i-tag')], ['', '']);
  },
  async 'a browser that keeps nothing still has all forms'(visitor) {
    const { page, context } = visitor;
    await context.addInitScript(() => ['localStorage', 'sessionStorage'].forEach(it => Object.defineProperty(globalThis, it, { get() { throw new DOMException('no', 'SecurityError'); } })));
    await typeInto(visitor, 'kept-nowhere');
    await page.click('#edit .go');
    await visitor.said('Saved.');
    assert.equal((await visitor.read('kept-nowhere')).short_desc, 'Typed');
  },
  async 'a server that is away loses nothing, and the same button saves later'(visitor) {
    const { page, context } = visitor;
    visitor.expects(away);
    await typeInto(visitor, 'unreached');
    await context.setOffline(true);
    await page.click('#edit .go');
    await visitor.said('cannot be reached');
    await isThere(visitor);
    await context.setOffline(false);
    await page.reload();
    await isThere(visitor);
    await page.click('#edit .go');
    await visitor.said('Saved.');
    assert.equal((await visitor.read('unreached')).short_desc, 'Typed');
  },
  async 'a proxy that does not reach the server loses nothing'(visitor) {
    const { page } = visitor;
    visitor.expects(/status of 502/);
    await typeInto(visitor, 'unreached-by-proxy');
    const gateway = route => route.fulfill({ status: 502, contentType: 'text/html', body: '<html><h1>502 Bad Gateway</h1></html>' });
    await page.route('**/packages/unreached-by-proxy', gateway);
    await page.click('#edit .go');
    await visitor.said('502');
    await isThere(visitor);
    await page.unroute('**/packages/unreached-by-proxy', gateway);
    await page.click('#edit .go');
    await visitor.said('Saved.');
  },
  async 'nothing can be typed while the server saves'(visitor) {
    const { page } = visitor;
    await typeInto(visitor, 'saving');
    let answer;
    const wait = route => route.request().method() !== 'PUT' ? route.continue() : new Promise(done => answer = () => done(visitor.forward(route).then(response => route.fulfill({ response }))));
    await page.route('**/packages/saving', wait);
    assert.equal(await page.$eval('#edit', it => it.inert), false);
    await page.click('#edit .go');
    await page.waitForFunction(() => document.querySelector('#edit').inert);
    while (!answer) await page.waitForTimeout(10);
    answer();
    await visitor.said('Saved.');
    assert.equal(await page.$eval('#edit', it => it.inert), false);
    await page.unroute('**/packages/saving', wait);
  },
  async 'an answer that was lost is not taken for the change of somebody else'(visitor) {
    const { page } = visitor;
    visitor.expects(/ERR_FAILED/);
    visitor.allows(/status of 412/);
    await typeInto(visitor, 'unanswered');
    const lose = async route => {
      assert.equal((await visitor.forward(route)).status(), 204);
      await route.abort();
    };
    await page.route('**/packages/unanswered', lose);
    await page.click('#edit .go');
    await visitor.said('cannot be reached');
    await isThere(visitor);
    await page.unroute('**/packages/unanswered', lose);
    await page.click('#edit .go');
    await visitor.said('Saved.');
    assert.equal(await page.isVisible('#conflict'), false);
  },
};
