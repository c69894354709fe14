// People read without a script.
import assert from 'node:assert/strict';

export default {
  async 'packages, searches, days and changes are ordinary pages with links and forms'(visitor) {
    await visitor.create('readable', { short_desc: 'A framework to read', tags: ['framework'], metadata: { version: '7' } });
    await visitor.create('readable', { short_desc: 'A framework to read about', tags: ['framework'], metadata: { version: '7' } });
    await visitor.api('GET', '/daily');
    const { page } = await visitor.another({ javaScriptEnabled: false });
    const isPage = async title => {
      assert.match(await page.title(), title);
      // Nothing is offered that needs a script.
      assert.equal(await page.locator('[data-do]:visible, .js-only:visible').count(), 0);
    };
    await page.goto(`${visitor.base}/desk`);
    await page.fill('#q', 'framework read');
    await page.press('#q', 'Enter');
    assert.match(page.url(), /q=framework\+read/);
    await isPage(/^framework read/);
    assert.ok(await page.locator('.rows mark').count() > 0);
    await page.click('a:text-is("name")');
    assert.match(page.url(), /sort=name/);
    await page.click('.rows a:has-text("readable")');
    await isPage(/^readable/);
    assert.equal(await page.textContent('.lead'), 'A framework to read about');
    await page.click('article .tags a');
    assert.match(page.url(), /tag=framework/);
    await page.goBack();
    await page.click('a:has-text("What changed")');
    assert.match(page.url(), /name=readable/);
    await isPage(/^Changes/);
    await page.locator('.log a:has(time)').first().click();
    await isPage(/^Change of/);
    await page.click('nav a:has-text("Changes")');
    await page.selectOption('#what', 'create');
    await page.click('main form button');
    assert.match(page.url(), /what=create/);
    assert.ok(await page.locator('.log > li').count() > 0);
    await page.click('nav a:has-text("Days")');
    await isPage(/^Days of/);
    await page.locator('.month td a').first().click();
    assert.match(page.url(), /days\/\d{4}-\d\d-\d\d$/);
    assert.ok(await page.isVisible('h1'));
    await page.goBack();
    await page.click('[rel=next]');
    await page.click('[rel=prev]');
    await isPage(/^Days of/);
  },
};
