// Curators create, change and delete a package.
import assert from 'node:assert/strict';
import { refused } from '../visitor.mjs';

const before = { short_desc: 'Old', tags: ['a'], metadata: { version: '1.0', rank: 5, list: ['x'], word: 'true' } };
const after = name => ({ name, short_desc: 'New', tags: ['a', 'b'], metadata: { ...before.metadata, own: '3.10' } });

export default {
  async 'a package is edited with the keyboard alone, and the change is taken back'(visitor) {
    const { page } = visitor;
    await visitor.create('edited', before);
    await visitor.go('/packages/edited');
    await visitor.press('e');
    await visitor.retype('New');
    await visitor.press('Tab');
    await visitor.retype('a B');
    await visitor.tabTo('[data-do=add]');
    await visitor.press('Enter');
    await visitor.type('own');
    await visitor.press('Tab');
    await visitor.type('3.10');
    await visitor.tabTo('#f-note');
    await visitor.type('Wörter');
    await visitor.press('Control+Enter');
    await visitor.said('Saved.');
    assert.ok(await visitor.isFocused('#note'));
    assert.deepEqual(await visitor.read('edited'), after('edited'));
    await visitor.go('/changes');
    assert.equal(await page.textContent('.log q'), 'Wörter');
    await visitor.press('j', 'u');
    await visitor.said('taken back');
    assert.equal((await visitor.read('edited')).short_desc, 'Old');
  },
  async 'a package is edited with the mouse'(visitor) {
    const { page } = visitor;
    await visitor.create('clicked', before);
    await visitor.go('?q=clicked');
    await page.click('.rows a');
    for (const [field, text] of [['#f-short_desc', 'New'], ['#f-tags', 'a B']]) {
      await page.click(field, { clickCount: 3 });
      await visitor.type(text);
    }
    await page.click('[data-do=add]');
    await page.locator('.pair input').nth(-2).click();
    await visitor.type('own');
    await page.locator('.pair input').last().click();
    await visitor.type('3.10');
    await page.click('#edit .go');
    await visitor.said('Saved.');
    assert.deepEqual(await visitor.read('clicked'), after('clicked'));
  },
  async 'a package is created, deleted and brought back'(visitor) {
    const { page } = visitor;
    visitor.expects(refused(404));
    await visitor.go('');
    await page.click('summary:has-text("New package")');
    await page.fill('#c-name', 'created');
    await page.fill('#c-short_desc', 'Fresh');
    await page.click('#create .go');
    await page.waitForURL(/packages\/created/);
    assert.equal(await page.textContent('.lead'), 'Fresh');
    // Nothing is deleted if the answer is no.
    await page.click('[data-do=erase]');
    await page.click('#ask button:has-text("No")');
    await page.click('[data-do=erase]');
    await visitor.press('Escape');
    assert.equal(await visitor.exists('created'), true);
    await page.click('[data-do=erase]');
    await visitor.agree(/Delete created/);
    await page.waitForURL(/changes\?name=created/);
    assert.equal(await visitor.exists('created'), false);
    await page.goto(`${visitor.base}/desk/packages/created`);
    assert.match(await page.textContent('h1'), /could not find/i);
    await page.goBack();
    await page.locator('[data-do=undo]').first().click();
    await visitor.said('taken back');
    assert.equal((await visitor.read('created')).short_desc, 'Fresh');
  },
  async 'a package is created and deleted with the keyboard alone'(visitor) {
    const { page } = visitor;
    await visitor.go('');
    await visitor.tabTo('summary:has(~ #create)');
    await visitor.press('Enter', 'Tab');
    await visitor.type('by-keys');
    await visitor.press('Tab');
    await visitor.type('Typed');
    await visitor.press('Enter');
    await page.waitForURL(/packages\/by-keys/);
    await visitor.tabTo('[data-do=erase]');
    await visitor.press('Enter');
    await visitor.agree(/Delete by-keys/, 'Enter');
    await page.waitForURL(/changes\?name=by-keys/);
    assert.equal(await visitor.exists('by-keys'), false);
  },
  async 'a package with a name like that of another is created only if that is meant'(visitor) {
    const { page } = visitor;
    await visitor.create('look-alike', {});
    await visitor.go('');
    await page.click('summary:has-text("New package")');
    await page.fill('#c-name', 'look-alikes');
    await page.click('#create .go');
    await page.click('#ask[open] button:has-text("No")');
    assert.equal(await visitor.exists('look-alikes'), false);
    assert.equal(await page.inputValue('#c-name'), 'look-alikes');
    await page.click('#create .go');
    await visitor.agree(/already look-alike\. Create look-alikes/);
    await page.waitForURL(/packages\/look-alikes/);
    // Names are alike also if only their letters look alike.
    await visitor.create('pillow-il');
    await visitor.go('');
    await page.click('summary:has-text("New package")');
    await page.fill('#c-name', 'Pi11ow.I1');
    await page.click('#create .go');
    await visitor.agree(/already pillow-il\. Create Pi11ow\.I1/);
    await page.waitForURL(/packages\/Pi11ow\.I1/);
  },
  async 'a fault is shown at its field'(visitor) {
    const { page } = visitor;
    visitor.expects(refused(422));
    await visitor.create('faulty', { tags: ['a'] });
    await visitor.go('/packages/faulty');
    await page.fill('#f-tags', 'b@d');
    await page.click('#edit .go');
    await page.waitForSelector('#f-tags[aria-invalid]');
    assert.ok(await visitor.isFocused('#f-tags'));
    const described = await page.getAttribute('#f-tags', 'aria-describedby');
    assert.match(await page.textContent(`[id="${described}"]`), /tag|letter/i);
    await page.fill('#f-tags', 'good');
    await page.click('#edit .go');
    await visitor.said('Saved.');
    assert.equal(await page.locator('[aria-invalid], p.error').count(), 0);
  },
};
