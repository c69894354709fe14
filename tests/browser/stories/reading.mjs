// People read without a script.
import assert from 'node:assert/strict';

export default {
  async 'packages, searches, days and changes are ordinary pages with links and forms'(visitor) {
    await visitor.create('readable', { short_desc: 'A framework to read', tags: ['framework'], metadata: { version: '7' } });
    await visitor.create('readable', { short_desc: 'A framework to read about', tags: ['framework'], metadata: { version: '7' } });
    await visitor.api('GET', '/daily');
    const reader = await visitor.another({ javaScriptEnabled: false });
    const { page } = reader;
    const isPage = async title => {
      assert.match(await page.title(), title);
      // Nothing is offered that needs a script.
      assert.equal(await page.locator('[data-do]:visible, .js-only:visible').count(), 0);
    };
    await page.goto(`${visitor.base}/desk`);
    await page.fill('#q', 'framework read');
    await reader.follow('.find button', /q=framework\+read/);
    await isPage(/^framework read/);
    assert.ok(await page.locator('.rows mark').count() > 0);
    await reader.follow('a:text-is("name")', /sort=name/);
    await reader.follow('.rows a:has-text("readable")', /packages\/readable/);
    await isPage(/^readable/);
    assert.equal(await page.textContent('.lead'), 'A framework to read about');
    await reader.follow('article .tags a', /tag=framework/);
    await page.goBack();
    await reader.follow('a:has-text("What changed")', /name=readable/);
    await isPage(/^Changes/);
    await reader.follow(page.locator('.log a:has(time)').first(), /changes\/\d+$/);
    await isPage(/^Change of/);
    await reader.follow('nav a:has-text("Changes")', /changes$/);
    await page.selectOption('#what', 'create');
    await reader.follow('main form button', /what=create/);
    assert.ok(await page.locator('.log > li').count() > 0);
    await reader.follow('nav a:has-text("Days")', /days$/);
    await isPage(/^Days of/);
    await reader.follow(page.locator('.month td a').first(), /days\/\d{4}-\d\d-\d\d$/);
    assert.ok(await page.isVisible('h1'));
    await page.goBack();
    await reader.follow('[rel=next]', /month=/);
    await reader.follow('[rel=prev]', /month=/);
    await isPage(/^Days of/);
  },
};
