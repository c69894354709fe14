// People look for packages.
import assert from 'node:assert/strict';

export default {
  async 'results appear as they are typed, and the URL keeps them'(visitor) {
    const { page } = visitor;
    await visitor.create('typed-first', { short_desc: 'Found by its words' });
    await visitor.go('');
    await visitor.press('/');
    await visitor.type('found words');
    await page.waitForURL(/q=found\+words/);
    await page.waitForFunction(() => document.querySelector('.rows b a')?.textContent === 'typed-first');
    assert.ok(await visitor.isFocused('#q'));
    await page.reload();
    assert.equal(await page.textContent('.rows mark'), 'Found');
  },
  async 'a tag narrows the list, and the list goes on with the next page'(visitor) {
    const { page } = visitor;
    for (let at = 0; at < 51; at += 1) await visitor.api('POST', '/packages', { name: `narrow-${at}`, short_desc: '', tags: at % 2 ? ['narrow'] : ['narrow', 'even'] });
    await visitor.go('?tag=narrow');
    await page.click('[rel=next]');
    assert.equal(await page.locator('.rows > li').count(), 1);
    await page.click('nav a:has-text("First page")');
    await page.click('#narrow a:has-text("even")');
    assert.match(await page.textContent('#count'), /26 packages/);
    await page.click('#narrow a[aria-label="Without the tag narrow"]');
    assert.equal(new URL(page.url()).search, '?tag=even');
  },
  async 'letters are keys only where they are switched on'(visitor) {
    const { page } = visitor;
    await visitor.go('');
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    await visitor.press('j');
    const first = await focused();
    await visitor.press('j');
    assert.notEqual(await focused(), first);
    await visitor.press('k');
    assert.equal(await focused(), first);
    await visitor.press('?');
    await page.uncheck('#letters');
    await visitor.press('j');
    assert.notEqual(await focused(), first);
    await page.check('#letters');
  },
};
