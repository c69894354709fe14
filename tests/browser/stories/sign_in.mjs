// People sign in with a token, at one of the example servers.
import assert from 'node:assert/strict';
import { refused } from '../visitor.mjs';

const token = process.env.PYADAY_SIGN_IN;

async function signIn({ page }) {
  await page.fill('#token', token);
  await page.click('button:has-text("Sign in")');
  await page.waitForURL(/desk$/);
}

export default {
  async 'a token that is known lets people in, and they can leave again'(visitor) {
    const { page } = visitor;
    visitor.expects(refused(403));
    await page.goto(`${visitor.base}/desk`);
    await page.click('a:has-text("Sign in")');
    await page.fill('#token', 'x'.repeat(40));
    await page.click('button:has-text("Sign in")');
    await page.waitForSelector('[role=alert]');
    await signIn(visitor);
    assert.ok(await page.isVisible('summary:has-text("New package")'));
    const [cookie, ...others] = await visitor.context.cookies();
    assert.deepEqual([cookie.httpOnly, cookie.sameSite, others.length], [true, 'Strict', 0]);
    assert.equal(await page.evaluate(() => document.cookie), '');
    await page.click('a:has-text("Sign out")');
    await page.click('button:has-text("Sign out")');
    await page.waitForURL(/desk$/);
    assert.ok(await page.isVisible('a:has-text("Sign in")'));
  },
  async 'a session that ends while somebody types loses nothing'(visitor) {
    const { page, context } = visitor;
    visitor.expects(refused(401));
    await page.goto(`${visitor.base}/sign-in`);
    await signIn(visitor);
    await visitor.create('expired', { short_desc: 'Before' });
    await visitor.go('/packages/expired');
    await page.fill('#f-short_desc', 'Typed');
    await context.clearCookies();
    await page.click('#edit .go');
    await page.waitForSelector('#note.bad');
    assert.equal(await page.inputValue('#f-short_desc'), 'Typed');
    // The header of the page was made before the session ended, so what the page says leads to the sign-in.
    await page.click('#note a:has-text("Sign in")');
    await signIn(visitor);
    await visitor.go('/packages/expired');
    await page.waitForSelector('#kept:visible');
    assert.equal(await page.inputValue('#f-short_desc'), 'Typed');
    await page.click('#edit .go');
    await visitor.said('Saved.');
    assert.equal((await visitor.read('expired')).short_desc, 'Typed');
  },
};
