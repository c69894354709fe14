// The control of all stories: pages that do what no page may do are noticed.
import assert from 'node:assert/strict';
import { Visitor } from '../visitor.mjs';

const policy = { 'content-security-policy': "default-src 'none'; script-src 'self'" };
const wicked = [
  ['<script>alert(1)</script>', policy, /^policy: script-src-elem inline/],
  ['<img src=x onerror=alert(1)>', policy, /^policy: img-src/],
  ['<p style="color:red">', policy, /^policy: style-src-attr/],
  ['<script>alert(1)</script>', {}, /^alert: 1/],
  ['<script>console.error("oh")</script>', {}, /^console: oh/],
  ['<script>throw new Error("oh")</script>', {}, /^exception: oh/],
  ['<script>open("about:blank")</script>', {}, /^window of about:blank/],
  ['<img src="http://127.0.0.1:9/">', {}, /^request to http:\/\/127\.0\.0\.1:9\//],
  ['<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">', {}, /^request to http:\/\/127\.0\.0\.1:9\//],
  ['<script src="missing.js"></script>', {}, /^console: .*404/],
];

export default {
  async 'pages that do what they must not do are noticed'(visitor) {
    const { page } = visitor;
    for (const [html, headers, fault] of wicked) {
      const show = route => route.fulfill({ contentType: 'text/html', headers, body: `<!DOCTYPE html><title>x</title>${html}` });
      await page.route('**/desk', show);
      await page.goto(`${visitor.base}/desk`).catch(() => {});
      const found = () => visitor.faults.some(it => fault.test(it));
      for (let turns = 0; turns < 500 && !found(); turns += 1) await new Promise(done => setTimeout(done, 10));
      assert.ok(found(), `${html} was not noticed, but ${visitor.faults}`);
      await page.unroute('**/desk', show);
      visitor.faults.length = 0;
    }
    const other = await Visitor.arrive(visitor.browser, visitor.base);
    other.expects(/never said/);
    await other.leave();
    assert.deepEqual(other.faults, ['nothing in the console is like /never said/']);
  },
};
