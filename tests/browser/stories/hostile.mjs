// Texts that would do harm if a page took them for anything but texts, in every field.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const texts = JSON.parse(readFileSync(new URL('../hostile.json', import.meta.url), 'utf8'));
// Some of them are refused, as a name or as a search.
const refusals = /status of 4(00|04|22)\b/;

async function shows(page, all) {
  const shown = await page.textContent('main');
  for (const text of all) assert.ok(shown.includes(text), `${text} is not shown`);
}

// What a button sends to this path of the API, and how that is answered.
async function sent(page, method, path, press) {
  const answer = page.waitForResponse(it => it.request().method() === method && it.url().includes(path));
  await press();
  return (await answer).status();
}

export default {
  async 'hostile descriptions, metadata and notes are saved and shown as texts'(visitor) {
    const { page } = visitor;
    await visitor.create('hostile');
    await visitor.go('/packages/hostile');
    const save = async text => {
      await page.evaluate(() => document.querySelector('#note')?.remove());
      assert.equal(await sent(page, 'PUT', '/packages/hostile', () => page.click('#edit .go')), 204, text);
      await visitor.said('Saved.');
      return visitor.read('hostile');
    };
    for (const text of texts) {
      await page.fill('#f-short_desc', text);
      await page.fill('#f-note', text);
      assert.equal((await save(text)).short_desc, text);
    }
    for (const [at, text] of texts.entries()) {
      // A name that begins like JSON is written as JSON.
      const name = text.startsWith('"') ? JSON.stringify(text) : text;
      for (const [key, kind, value] of [[name, 'text', text], [`json ${at}`, 'JSON', JSON.stringify({ [text]: [text] })]]) {
        await page.click('[data-do=add]');
        await page.locator('.pair input').nth(-2).fill(key);
        await page.locator('.pair input').last().fill(value);
        await page.locator('.pair select').last().selectOption(kind);
      }
    }
    // A draft is put back as it was typed.
    const typed = () => page.$$eval('.pair input', all => all.map(it => it.value));
    const before = await typed();
    assert.equal(before.length, 4 * texts.length);
    await page.reload();
    await page.waitForSelector('#kept:visible');
    assert.deepEqual(await typed(), before);
    const { metadata } = await save('all');
    for (const [at, text] of texts.entries()) assert.deepEqual([metadata[text], metadata[`json ${at}`]], [text, { [text]: [text] }]);
    await shows(page, texts);
    await page.reload();
    await shows(page, texts);
    await visitor.go('/changes?name=hostile');
    // The differences are shown word by word, and the notes whole.
    const notes = await page.locator('.log q').allTextContents();
    while (await page.locator('[rel=next]').count()) {
      await visitor.follow('[rel=next]', /before=/);
      notes.push(...await page.locator('.log q').allTextContents());
    }
    assert.deepEqual(notes.toReversed(), texts);
  },
  async 'hostile texts of two curators are put side by side as texts'(visitor) {
    const { page } = visitor;
    visitor.expects(/status of 412/);
    const as = what => ({ short_desc: what + texts[0], metadata: Object.fromEntries(texts.map(text => [text, what + text])) });
    await visitor.create('hostile-both', as('was '));
    await visitor.go('/packages/hostile-both');
    for (const field of await page.locator('.pair input:nth-child(2)').all()) await field.fill(`my ${(await field.inputValue()).slice(4)}`);
    await visitor.create('hostile-both', as('their '));
    await page.click('#edit .go');
    await page.waitForSelector('#conflict:not([hidden])');
    await shows(page, texts.flatMap(text => ['was ', 'my ', 'their '].map(what => JSON.stringify(what + text))));
  },
  async 'hostile names and tags are refused, and the page says why in texts'(visitor) {
    const { page } = visitor;
    visitor.allows(refusals);
    await visitor.create('hostile-tags');
    await visitor.go('');
    await page.click('summary:has-text("New package")');
    for (const text of texts) {
      await page.fill('#c-name', text);
      assert.equal(await sent(page, 'POST', '/packages', () => page.press('#c-name', 'Enter')), 422, text);
      await page.waitForSelector('#c-name[aria-invalid]');
    }
    await visitor.go('/packages/hostile-tags');
    for (const text of texts) {
      await page.fill('#f-tags', text);
      assert.equal(await sent(page, 'PUT', '/packages/hostile-tags', () => page.press('#f-tags', 'Enter')), 422, text);
      await page.waitForSelector('#f-tags[aria-invalid]');
    }
    await visitor.go('?q=hostile-tags');
    await page.click('#page');
    for (const text of texts) {
      await page.fill('#b-add_tags', text);
      assert.equal(await sent(page, 'POST', '/changes', () => page.click('#bulk .go')), 422, text);
    }
    await visitor.go('/days?month=2027-03');
    await page.fill('#p-date', '2027-03-30');
    for (const text of texts) {
      await page.fill('#p-name', text);
      assert.ok(await sent(page, 'PUT', '/daily/pins/', () => page.press('#p-name', 'Enter')) >= 400, text);
    }
  },
  async 'hostile texts in the URL and in the field of a search are texts'(visitor) {
    const { page } = visitor;
    visitor.allows(refusals);
    // Each text in one of them. The facts about pages have all texts in all of them.
    const places = ['?q=', '?tag=', '?after=', '/changes?by=', '/changes?name=', '/days?month=', '/packages/'];
    for (const [at, text] of texts.entries()) await page.goto(`${visitor.base}/desk${places[at % places.length]}${encodeURIComponent(text)}`);
    await visitor.go('');
    for (const text of texts) {
      await page.fill('#q', text);
      await page.waitForFunction(text => new URL(location).searchParams.get('q') === text, text);
    }
  },
  async 'hostile texts in an import are previewed and imported as texts'(visitor) {
    const { page } = visitor;
    visitor.allows(refusals);
    const good = texts.map((text, at) => ({ name: `hostile-import-${at}`, short_desc: text, metadata: { [text]: text } }));
    const bad = texts.flatMap(text => [{ name: text, short_desc: '' }, { name: 'x', short_desc: '', tags: [text] }]);
    await visitor.go('/import');
    await page.fill('#i-text', [...good, ...bad].map(it => JSON.stringify(it)).join('\n'));
    await page.click('#import .go');
    await page.waitForSelector('#preview:not([hidden])');
    assert.equal(await page.textContent('#preview [data-count=refused] b'), '60');
    await page.click('#preview .go');
    await visitor.said('Imported 30 packages');
    assert.equal((await visitor.read('hostile-import-7')).short_desc, texts[7]);
    for (const text of texts) {
      await page.fill('#i-tag', text);
      await page.fill('#i-note', text);
      await page.click('#import .go');
    }
  },
};
