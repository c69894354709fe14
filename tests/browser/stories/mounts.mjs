// What shows that links, forms, files and the API are found, wherever the catalogue is mounted.
import assert from 'node:assert/strict';

export default {
  async 'a package is found, edited and put back, and read without a script'(visitor) {
    const { page } = visitor;
    await visitor.create('mounted', { short_desc: 'Before', tags: ['mounted'] });
    await visitor.go('');
    await page.fill('#q', 'mounted before');
    await page.waitForFunction(() => document.querySelector('.rows mark'));
    await visitor.follow('.rows b a', /packages\/mounted$/);
    await page.waitForSelector('body.js');
    await page.fill('#f-short_desc', 'After');
    await page.click('#edit .go');
    await visitor.said('Saved.');
    await visitor.follow('nav a:has-text("Changes")', /changes$/);
    await page.waitForSelector('body.js');
    await page.locator('[data-do=undo]').first().click();
    await visitor.said('taken back');
    await visitor.follow('#note a', /changes\/\d+$/);
    const reader = await visitor.another({ javaScriptEnabled: false });
    await reader.page.goto(`${visitor.base}/desk?tag=mounted`);
    await reader.follow('.rows b a', /packages\/mounted$/);
    assert.equal(await reader.page.textContent('.lead'), 'Before');
    await reader.follow('nav a:has-text("Days")', /days$/);
    await reader.follow('[rel=next]', /month=/);
  },
};
