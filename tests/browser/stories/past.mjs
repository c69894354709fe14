// Curators look at what was changed, and take it back.
import assert from 'node:assert/strict';
import { refused } from '../visitor.mjs';

export default {
  async 'an undo that is refused says what stands in its way'(visitor) {
    const { page } = visitor;
    visitor.expects(refused(409));
    await visitor.create('twice', { short_desc: 'A' });
    await visitor.go('/changes');
    const revision = await page.getAttribute('.log li', 'data-revision');
    await visitor.create('twice', { short_desc: 'B' });
    await page.click(`[data-revision="${revision}"] [data-do=undo]`);
    await page.waitForSelector('#note.bad a');
    assert.equal(await page.textContent('#note a'), 'twice');
    await page.click('#note a');
    await page.waitForURL(/changes\?name=twice/);
  },
  async 'what differs is shown word by word'(visitor) {
    const { page } = visitor;
    await visitor.create('differs', { short_desc: 'The old words', tags: ['a', 'b'] });
    await visitor.create('differs', { short_desc: 'The new words', tags: ['b', 'c'] });
    await visitor.go('/changes?name=differs');
    const first = page.locator('.log > li').first();
    assert.deepEqual(await first.locator('del').allTextContents(), ['old', 'a']);
    assert.deepEqual(await first.locator('ins').allTextContents(), ['new', 'c']);
  },
};
