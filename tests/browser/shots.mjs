// Takes the pictures of the pages that the README shows: `node shots.mjs URL FOLDER`. The URL is that of an empty
// catalogue without a guard, such as `serve-axum --store memory: --open`. PYADAY_BROWSER is as for `run.mjs`. It
// needs pngquant, which leaves 64 colours.
import { strictEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { launch, Visitor } from './visitor.mjs';

const [base, folder] = process.argv.slice(2);
const day = offset => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

// Name, description, tags, version.
const packages = [
  ['httpx', 'The next generation HTTP client.', ['async', 'http'], '0.28.1'],
  ['requests', 'Python HTTP for Humans.', ['http'], '2.32.5'],
  ['aiohttp', 'Async HTTP client and server framework.', ['async', 'http', 'web'], '3.13.2'],
  ['urllib3', 'HTTP library with thread-safe connection pooling, file post, and more.', ['http'], '2.5.0'],
  ['httpcore', 'A minimal low-level HTTP client.', ['http'], '1.0.9'],
  ['h11', 'A pure-Python, bring-your-own-I/O implementation of HTTP/1.1.', ['http'], '0.16.0'],
  ['flask', 'A simple framework for building complex web applications.', ['web'], '3.1.2'],
  ['starlette', 'The little ASGI library that shines.', ['async', 'web'], '0.50.0'],
  ['uvicorn', 'The lightning-fast ASGI server.', ['async', 'web'], '0.38.0'],
  ['trio', 'A friendly library for async concurrency and I/O.', ['async'], '0.32.0'],
  ['rich', 'Render rich text, tables, progress bars and more to the terminal.', ['terminal'], '14.2.0'],
  ['structlog', 'Structured logging for Python.', ['logs'], '25.5.0'],
  ['attrs', 'Classes without boilerplate.', [], '25.4.0'],
  ['cattrs', 'Composable complex class support for attrs and dataclasses.', [], '25.3.0'],
  ['numpy', 'Fundamental package for array computing in Python.', ['science'], '2.3.5'],
  ['datasette', 'An open source multi-tool for exploring and publishing data.', ['web'], '0.65.2'],
];
const table = 'name,summary,tags\nhttp1,Clients and servers of old,http\nniquests,Requests with HTTP/2 and HTTP/3,http async\n' +
  'httpx,The next generation HTTP client,\nbad name,What has no name,\nf1ask,Web,web\nanyio,Async on top of asyncio or trio,async\n';

async function seed(visitor) {
  const write = async (method, path, body, note, type = 'application/json') => {
    const answer = await visitor.api(method, path, body, { 'content-type': type, ...note && { 'change-note': `"${note}"` } });
    strictEqual(answer.ok(), true, `${method} ${path}: ${await answer.text()}`);
  };
  const patch = (name, members, note) => write('PATCH', `/packages/${name}`, members, note, 'application/merge-patch+json');
  const rows = packages.map(([name, short_desc, tags, version], rank) => JSON.stringify({ name, short_desc, tags, metadata: { version, rank: rank + 1 } }));
  await write('POST', '/import', Buffer.from(rows.join('\n')), 'The first packages', 'application/x-ndjson');
  await patch('httpx', {
    short_desc: 'The next generation HTTP client, with sync and async APIs.',
    metadata: {
      requires_python: '>=3.9', license_expression: 'BSD-3-Clause', import_name: ['httpx'], keywords: 'http, client',
      project_url: ['Documentation, https://www.python-httpx.org', 'Source, https://github.com/encode/httpx'],
    },
  }, 'They have async now');
  await patch('flask', { tags: ['web', 'wsgi'] });
  await write('POST', '/changes', { select: { q: '', tag: ['async'] }, add_tags: ['concurrency'], remove_tags: [], delete: false }, 'For the season of async');
  await write('DELETE', '/packages/h11');
  for (const [offset, name] of [[3, 'httpx'], [4, 'trio'], [6, 'rich'], [9, 'httpx']]) await write('PUT', `/daily/pins/${day(offset)}`, { name });
  await write('GET', `/daily/${day(0)}`);
}

const pages = {
  find: ['?q=http', async ({ page }) => {
    for (const at of [0, 2]) await page.locator('.rows input').nth(at).check();
  }],
  package: ['/packages/httpx'],
  days: ['/days'],
  day: [`/days/${day(0)}`],
  changes: ['/changes'],
  import: ['/import', async ({ page }) => {
    await page.fill('#i-text', table);
    await page.click('#import .go');
    await page.waitForSelector('#preview:not([hidden])');
  }],
};

const browser = await launch();
mkdirSync(folder, { recursive: true });
const visitor = await Visitor.arrive(browser, base);
await seed(visitor);
await visitor.leave();
for (const colorScheme of ['light', 'dark']) {
  for (const [device, viewport] of [['desk', { width: 1000, height: 700 }], ['phone', { width: 360, height: 700 }]]) {
    const visitor = await Visitor.arrive(browser, base, { colorScheme, viewport });
    for (const [name, [url, prepare]] of Object.entries(pages)) {
      await visitor.go(url);
      await prepare?.(visitor);
      const path = `${folder}/${name}-${device}-${colorScheme}.png`;
      await visitor.page.screenshot({ path });
      execFileSync('pngquant', ['--force', '--strip', '--output', path, '64', path]);
    }
    await visitor.leave();
    strictEqual(visitor.faults.join(), '');
  }
}
await browser.close();
