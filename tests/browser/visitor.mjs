// Somebody who visits the desk in a browser, and a list of everything that must not happen meanwhile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.PYADAY_BROWSER}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const launch = () => chromium.launch({ executablePath: process.env.PYADAY_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });

// What a browser writes to its console about an answer.
export const refused = status => new RegExp(`status of ${status}\\b`);

export class Visitor {
  // Errors in the console, exceptions, broken policies, dialogs of other scripts, and requests to elsewhere.
  faults = [];
  #expected = new Map();
  #allowed = [];
  #others = [];

  constructor(browser, base) {
    Object.assign(this, { browser, base });
  }

  static async arrive(browser, base, options = {}) {
    const visitor = new Visitor(browser, base);
    await visitor.open(options);
    return visitor;
  }

  // Another person, with a browser of their own. Their faults count as well.
  async another(options) {
    const other = await Visitor.arrive(this.browser, this.base, options);
    this.#others.push(other);
    return other;
  }

  async open(options) {
    this.context = await this.browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(30_000);
    this.page.on('console', message => { if (message.type() === 'error') this.#hear(message.text()); });
    this.page.on('pageerror', error => this.faults.push(`exception: ${error.message}`));
    this.page.on('dialog', dialog => this.#close(dialog));
    this.context.on('request', request => { if (!this.#isHere(request.url())) this.faults.push(`request to ${request.url()}`); });
    this.context.on('page', page => this.faults.push(`window of ${page.url()}`));
    await this.context.exposeFunction('reportViolation', text => this.faults.push(`policy: ${text}`));
    await this.context.addInitScript(() => document.addEventListener('securitypolicyviolation', event =>
      globalThis.reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`)));
  }

  #isHere(url) {
    return url === this.base || url.startsWith('data:') || ['/', '?', '#'].some(next => url.startsWith(this.base + next));
  }

  #hear(text) {
    const expected = [...this.#expected.keys()].find(pattern => pattern.test(text));
    if (expected) this.#expected.set(expected, true);
    else if (!this.#allowed.some(pattern => pattern.test(text))) this.faults.push(`console: ${text}`);
  }

  // Pages ask in the page, because people can tell a browser to show no dialogs.
  #close(dialog) {
    this.faults.push(`${dialog.type()}: ${dialog.message()}`);
    return dialog.dismiss();
  }

  // An error in the console that belongs to the story. It is a fault if it does not come.
  expects(...patterns) {
    for (const pattern of patterns) this.#expected.set(pattern, false);
  }

  // An error in the console that may come.
  allows(...patterns) {
    this.#allowed.push(...patterns);
  }

  async leave() {
    await this.context.close();
    for (const other of this.#others) {
      await other.leave();
      this.faults.push(...other.faults);
    }
    for (const [pattern, has] of this.#expected) if (!has) this.faults.push(`nothing in the console is like ${pattern}`);
  }

  // Calls the API, with the cookies of the visitor.
  api(method, path, data, headers = {}) {
    return this.context.request.fetch(this.base + path, { method, data, headers: { 'content-type': 'application/json', ...headers } });
  }

  async read(name) {
    return (await this.api('GET', `/packages/${name}`)).json();
  }

  async exists(name) {
    return (await this.api('GET', `/packages/${name}`)).status() === 200;
  }

  // Creates a package, or replaces it.
  async create(name, rest = {}) {
    await this.api('POST', '/packages', { name, short_desc: '', ...rest });
    const answer = await this.api('PUT', `/packages/${name}`, { short_desc: '', ...rest });
    assert.equal(answer.status(), 204);
  }

  // Hands a request on, as the page would have sent it, and returns the answer before the page has it.
  forward(route) {
    return route.fetch({ headers: { ...route.request().headers(), 'sec-fetch-site': 'same-origin' } });
  }

  // Opens a page of the desk, and waits for its script.
  async go(path) {
    await this.page.goto(`${this.base}/desk${path}`);
    await this.page.waitForSelector('body.js');
  }

  // Goes where a link or a form leads, also without the script.
  async follow(target, url) {
    const { page } = this;
    await Promise.all([page.waitForURL(url), typeof target === 'string' ? page.click(target) : target.click()]);
  }

  // Waits until the page says this.
  said(text) {
    return this.page.waitForFunction(text => document.querySelector('#note')?.textContent.includes(text), text);
  }

  // Waits until the page asks this, and says yes: by a click, or with a key, because the focus is there.
  async agree(question, key) {
    await this.page.waitForFunction(([source, flags]) =>
      document.querySelector('#ask')?.open && new RegExp(source, flags).test(document.querySelector('#question').textContent), [question.source, question.flags]);
    await (key ? this.press(key) : this.page.click('#ask .go'));
  }

  isFocused(selector) {
    return this.page.evaluate(selector => document.activeElement.matches(selector), selector);
  }

  // Moves the focus there, as people without a mouse do.
  async tabTo(selector, key = 'Tab') {
    for (let presses = 0; presses < 200; presses += 1) {
      if (await this.isFocused(selector)) return;
      await this.page.keyboard.press(key);
    }
    assert.fail(`the key ${key} does not lead to ${selector}`);
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  // Replaces what is in a field, with the keyboard alone.
  async retype(text) {
    await this.press('Control+A');
    await this.type(text);
  }

  // What axe finds in the page as it is, in light and dark, on a desk and on a phone. Such visitors arrive with
  // `bypassCSP`, because axe is a script that the page does not know.
  async look(what) {
    const { page } = this;
    await page.evaluate(axe);
    for (const [width, height] of [[1200, 900], [320, 640]]) {
      await page.setViewportSize({ width, height });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what} is wider than ${width}`);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        // In the dark, only the colours are others, and they are the same on a phone.
        if (colorScheme === 'dark' && width < 1200) continue;
        const rules = colorScheme === 'dark' ? { runOnly: ['color-contrast'] } : {};
        const { violations } = await page.evaluate(rules => globalThis.axe.run({ resultTypes: ['violations'], ...rules }), rules);
        assert.deepEqual(violations.map(it => [it.id, it.nodes[0].html, it.nodes[0].failureSummary]), [], `${what}, ${colorScheme}, ${width} wide`);
      }
    }
  }
}
