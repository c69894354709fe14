// Nothing is in the way of people with other eyes and other screens.
import assert from 'node:assert/strict';
import { refused } from '../visitor.mjs';

export default {
  async 'axe finds nothing in any page, in light and dark, on a desk and on a phone'(visitor) {
    await visitor.create('accessible', { short_desc: 'Words', tags: ['a'], metadata: { version: '1', project_url: ['Docs, https://example.org'], long: 'x'.repeat(300) } });
    const { date } = await (await visitor.api('GET', '/daily')).json();
    const { items: [{ revision }] } = await (await visitor.api('GET', '/changes?limit=1')).json();
    const eyes = await visitor.another({ bypassCSP: true });
    eyes.expects(refused(404));
    for (const path of [
      '', '?q=words', '?q=zzzzz', '?tag=a', '/packages/accessible', '/packages/nothing-here',
      '/days', '/days?month=2027-03', `/days/${date}`, '/changes', '/changes?what=pin', `/changes/${revision}`, '/import',
    ]) {
      await eyes.go(path);
      await eyes.look(path);
    }
  },
  async 'axe finds nothing in what a script shows'(visitor) {
    const eyes = await visitor.another({ bypassCSP: true });
    const { page } = eyes;
    eyes.expects(refused(422), refused(412));
    await visitor.create('opened', { short_desc: 'Before', tags: ['opened'] });
    await eyes.go('?tag=opened');
    await page.click('summary:has-text("New package")');
    await page.click('#keys summary');
    await page.click('#page');
    await eyes.look('the forms of the list');
    await page.fill('#b-add_tags', 'asked');
    await page.click('#bulk .go');
    await page.waitForSelector('#ask[open]');
    await eyes.look('a question');
    await eyes.go('/packages/opened');
    await page.fill('#f-tags', 'b@d');
    await page.click('[data-do=add]');
    await eyes.type('key');
    await page.click('#edit .go');
    await page.waitForSelector('#f-tags[aria-invalid]');
    await eyes.look('a fault at a field');
    await page.fill('#f-tags', 'mine');
    await visitor.create('opened', { short_desc: 'Theirs', tags: ['theirs'] });
    await page.click('#edit .go');
    await page.waitForSelector('#conflict:not([hidden])');
    await eyes.look('a choice between two versions');
    await eyes.go('/import');
    await page.fill('#i-text', 'name,summary\nlooked-at,Words\nbad name,Words\nopenedd,Words\n');
    await page.click('#import .go');
    await page.waitForSelector('#preview:not([hidden])');
    await eyes.look('the preview of an import');
  },
  async 'everything can be reached and seen by the Tab key'(visitor) {
    const { page } = visitor;
    await visitor.create('tabbed', { short_desc: 'Words', tags: ['a'] });
    for (const path of ['', '/packages/tabbed', '/days', '/changes', '/import']) {
      await visitor.go(path);
      const all = await page.$$eval('a[href], button, input, select, textarea, summary', all =>
        all.filter(it => it.checkVisibility() && it.type !== 'radio' && !it.disabled).length);
      const seen = new Set();
      for (let presses = 0; presses < all + 20; presses += 1) {
        await visitor.press('Tab');
        const focus = await page.evaluate(() => {
          const it = document.activeElement;
          const every = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')];
          const { outlineStyle, boxShadow } = getComputedStyle(it);
          // In a field for a date, the browser marks the part that has the focus.
          return { at: every.indexOf(it), isShown: it.type === 'date' || outlineStyle !== 'none' || boxShadow !== 'none', html: it.outerHTML.slice(0, 80) };
        });
        if (focus.at < 0) continue;
        assert.ok(focus.isShown, `nobody sees that ${focus.html} has the focus`);
        seen.add(focus.at);
      }
      assert.ok(seen.size >= all, `${path} has ${all} places for the focus, and the key reaches ${seen.size}`);
    }
  },
  async 'nothing moves for people who want no motion'(visitor) {
    const { page } = await visitor.another({ reducedMotion: 'reduce' });
    await page.goto(`${visitor.base}/desk`);
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter(it => {
      const { transitionDuration, animationName } = getComputedStyle(it);
      return animationName !== 'none' || parseFloat(transitionDuration) > 0.01;
    }).length);
    assert.equal(moving, 0);
  },
};
