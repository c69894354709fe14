// Two curators edit one package, each in a browser of their own.
import assert from 'node:assert/strict';
import { refused } from '../visitor.mjs';

const before = { short_desc: 'Before.', tags: ['a', 'gone'], metadata: { version: '1', theirs: 'old', both: 'old' } };

// Both begin with the same version, and one of them saves first.
async function begin(visitor, name) {
  visitor.expects(refused(412));
  await visitor.create(name, before);
  const other = await visitor.another();
  for (const { page } of [visitor, other]) await page.goto(`${visitor.base}/desk/packages/${name}`);
  await edit(visitor.page, ['Mine.', 'a gone mine', 'old', 'mine']);
  await edit(other.page, ['Theirs.', 'a theirs', 'new', 'theirs']);
  await other.page.click('#edit .go');
  await other.said('Saved.');
  return other;
}

async function edit(page, [description, tags, theirs, both]) {
  await page.waitForSelector('body.js');
  await page.fill('#f-short_desc', description);
  await page.fill('#f-tags', tags);
  await page.locator('.pair:has([value=theirs]) input').last().fill(theirs);
  await page.locator('.pair:has([value=both]) input').last().fill(both);
}

export default {
  async 'each part shows theirs, mine and what both began with, and the choice is saved'(visitor) {
    const { page } = visitor;
    await begin(visitor, 'shared');
    await page.click('#edit .go');
    await page.waitForSelector('#conflict:not([hidden])');
    const parts = await page.$$eval('.member', all => all.map(it => it.textContent));
    assert.equal(parts.length, 4);
    for (const [part, ...texts] of [
      ['short_desc', 'Theirs.', 'Mine.', 'Before.'],
      ['tags', 'a theirs', 'a gone mine', 'a mine theirs', 'a gone'],
      ['metadata/theirs', 'new', 'old'],
      ['metadata/both', 'theirs', 'mine', 'old'],
    ]) {
      const text = parts.find(it => it.startsWith(part));
      for (const it of texts) assert.ok(text.includes(it), `${it} in ${text}`);
    }
    // What only one of them has changed is chosen already, and so is a union of the tags.
    const chosen = await page.$$eval('#conflict :checked', all => all.map(it => `${it.name} ${it.value}`));
    assert.ok(chosen.includes('metadata/theirs 0') && chosen.includes('tags 2'), chosen);
    await page.check('#conflict [name=short_desc][value="1"]');
    await page.check('#conflict [name="metadata/both"][value="0"]');
    await page.click('#conflict .go');
    await visitor.said('Saved.');
    const metadata = { version: '1', theirs: 'new', both: 'theirs' };
    assert.deepEqual(await visitor.read('shared'), { name: 'shared', short_desc: 'Mine.', tags: ['a', 'mine', 'theirs'], metadata });
    await page.reload();
    assert.equal(await page.isVisible('#kept'), false);
  },
  async 'the choice is made with the keyboard alone'(visitor) {
    const { page } = visitor;
    await begin(visitor, 'shared-by-keys');
    await visitor.press('Control+Enter');
    await page.waitForSelector('#conflict:not([hidden])');
    assert.ok(await visitor.isFocused('#conflict input'), 'the focus is at the first choice');
    await visitor.tabTo('[name=short_desc]');
    await visitor.press('ArrowDown');
    assert.ok(await page.isChecked('#conflict [name=short_desc][value="1"]'));
    await visitor.tabTo('#conflict .go');
    await visitor.press('Enter');
    await visitor.said('Saved.');
    assert.equal((await visitor.read('shared-by-keys')).short_desc, 'Mine.');
  },
  async 'somebody who is overtaken twice chooses again'(visitor) {
    const { page } = visitor;
    const other = await begin(visitor, 'shared-twice');
    await page.click('#edit .go');
    await page.waitForSelector('#conflict:not([hidden])');
    await page.check('#conflict [name=short_desc][value="1"]');
    await edit(other.page, ['Theirs again.', 'a theirs', 'new', 'theirs']);
    await other.page.click('#edit .go');
    await other.said('Saved.');
    await other.page.waitForFunction(() => document.querySelector('.lead').textContent === 'Theirs again.');
    await page.click('#conflict .go');
    await page.waitForFunction(() => document.querySelector('#conflict').textContent.includes('Theirs again.'));
    await page.check('#conflict [name=short_desc][value="1"]');
    await page.click('#conflict .go');
    await visitor.said('Saved.');
    assert.equal((await visitor.read('shared-twice')).short_desc, 'Mine.');
  },
  async 'a conflict is not lost by a reload, and mine can be dropped'(visitor) {
    const { page } = visitor;
    await begin(visitor, 'shared-dropped');
    await page.click('#edit .go');
    await page.waitForSelector('#conflict:not([hidden])');
    await page.reload();
    await page.waitForSelector('#kept:visible');
    assert.equal(await page.inputValue('#f-short_desc'), 'Mine.');
    await page.click('#edit .go');
    await page.waitForSelector('#conflict:not([hidden])');
    await page.click('#conflict [data-do=forget]');
    await page.waitForFunction(() => document.querySelector('#f-short_desc')?.value === 'Theirs.');
    assert.equal((await visitor.read('shared-dropped')).short_desc, 'Theirs.');
  },
};
