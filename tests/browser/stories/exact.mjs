// Saving a package changes nothing but what was changed in the form, to the last digit and character.
import assert from 'node:assert/strict';
import { refused } from '../visitor.mjs';

// Numbers that doubles cannot hold, keys that scripts give a meaning or another order, and texts that fields of
// one line cannot hold.
const metadata = String.raw`{"big":9007199254740993,"whole":1.0,"zero":-0.0,"far":1e+300,"list":[18446744073709551615,1.0,{"x":2.0,"10":1,"9":2}],` +
  String.raw`"10":"ten","9":"nine","__proto__":{"a":3.0,"__proto__":1},"constructor":"text","":"no name",` +
  String.raw`"two\nlines":"a\nb","lines":"a\r\nb\rc\n","nul":"a\u0000b","spaces":"  both ends  ","number":"5","float":"1.0","word":"true","none":null,` +
  String.raw`"quoted":"\"q\"","\"quote":"x","bracket":"[not JSON","replaced":"$& $1 metadata/","metadata/x":"y"}`;

const asText = async (visitor, name) => (await visitor.api('GET', `/packages/${name}`)).text();
const whole = (name, description, metadata, tags = '') => `{"name":"${name}","short_desc":"${description}"${tags},"metadata":${metadata}}`;

async function put(visitor, name, description, metadata) {
  const answer = await visitor.api('PUT', `/packages/${name}`, Buffer.from(whole(name, description, metadata)));
  assert.equal(answer.status(), 204, await answer.text());
}

async function begin(visitor, name) {
  await visitor.create(name);
  await put(visitor, name, 'Before', metadata);
  // The control: the service keeps all of it.
  assert.equal(await asText(visitor, name), whole(name, 'Before', metadata));
  await visitor.go(`/packages/${name}`);
}

const field = (page, key) => page.locator('.pair').filter({ has: page.locator(`input:first-child[value=${JSON.stringify(key)}]`) });

export default {
  async 'what was not touched is saved as it was'(visitor) {
    const { page } = visitor;
    await begin(visitor, 'exact');
    await page.fill('#f-short_desc', 'After');
    // It goes through the copy that the browser keeps, too.
    await page.reload();
    await page.waitForSelector('#kept:visible');
    await page.click('#edit .go');
    await visitor.said('Saved.');
    assert.equal(await asText(visitor, 'exact'), whole('exact', 'After', metadata));
  },
  async 'what was not touched is saved as it was after a conflict, whatever its name'(visitor) {
    const { page } = visitor;
    visitor.expects(refused(412));
    await begin(visitor, 'exact-both');
    await page.fill('#f-short_desc', 'Mine');
    await page.fill('#f-tags', 'mine');
    const theirs = metadata.replace('"a":3.0', '"a":9007199254740995').replace('9007199254740993', '9007199254740992');
    await put(visitor, 'exact-both', 'Theirs', theirs);
    await page.click('#edit .go');
    await page.waitForSelector('#conflict:not([hidden])');
    // A last digit is a difference.
    const parts = await page.$$eval('.member', all => all.map(it => it.textContent));
    assert.deepEqual(parts.map(it => it.split(' ')[0]), ['short_desc', 'tags', 'metadata/big', 'metadata/__proto__']);
    for (const number of ['9007199254740992', '9007199254740993']) assert.ok(parts[2].includes(number), parts[2]);
    await page.check('#conflict [name=short_desc][value="1"]');
    await page.check('#conflict [name="metadata/big"][value="1"]');
    await page.click('#conflict .go');
    await visitor.said('Saved.');
    const expected = theirs.replace('9007199254740992', '9007199254740993');
    assert.equal(await asText(visitor, 'exact-both'), whole('exact-both', 'Mine', expected, ',"tags":["mine"]'));
  },
  async 'a value of each kind can be typed, and keeps its kind if its field gets another name'(visitor) {
    const { page } = visitor;
    await visitor.create('kinds', { metadata: { rank: 5, version: '5' } });
    await visitor.go('/packages/kinds');
    await field(page, 'rank').locator('input').first().fill('rank2');
    await field(page, 'version').locator('input').first().fill('version2');
    for (const [key, kind, value] of [['new', 'JSON', '12345678901234567'], ['text', 'text', '[1]'], ['"a\\nb"', 'text', 'x']]) {
      await page.click('[data-do=add]');
      await page.locator('.pair input').nth(-2).fill(key);
      await page.locator('.pair select').last().selectOption(kind);
      await page.locator('.pair input').last().fill(value);
    }
    await page.reload();
    await page.waitForSelector('#kept:visible');
    await page.click('#edit .go');
    await visitor.said('Saved.');
    const expected = String.raw`{"rank2":5,"version2":"5","new":12345678901234567,"text":"[1]","a\nb":"x"}`;
    assert.equal(await asText(visitor, 'kinds'), whole('kinds', '', expected));
  },
  async 'all metadata is edited as JSON, and what was not touched is saved as it was'(visitor) {
    const { page } = visitor;
    visitor.expects(refused(412));
    await begin(visitor, 'exact-json');
    await visitor.follow('text=Edit all metadata as JSON', /edit=json/);
    assert.equal(await page.locator('.pair').count(), 0);
    const text = await page.inputValue('#j-metadata');
    await page.fill('#j-metadata', text.replace('{', '{"added": 1.0,'));
    await page.reload();
    await page.waitForSelector('#kept:visible');
    await page.click('#edit .go');
    await visitor.said('Saved.');
    const added = metadata.replace('{', '{"added":1.0,');
    assert.equal(await asText(visitor, 'exact-json'), whole('exact-json', 'Before', added));
    // A fault and a conflict.
    await page.fill('#j-metadata', '{"a": 1,');
    await page.click('#edit .go');
    await page.waitForSelector('#j-metadata[aria-invalid]:focus');
    await page.fill('#j-metadata', '{"mine": 9007199254740993}');
    await put(visitor, 'exact-json', 'Theirs', metadata);
    await page.click('#edit .go');
    await page.waitForSelector('#conflict:not([hidden])');
    await page.check('#conflict [name=metadata][value="1"]');
    await page.click('#conflict .go');
    await visitor.said('Saved.');
    assert.equal(await asText(visitor, 'exact-json'), whole('exact-json', 'Theirs', '{"mine":9007199254740993}'));
  },
  async 'a value that is not JSON, a name twice and a field without a name are faults at their fields'(visitor) {
    const { page } = visitor;
    await visitor.create('not-json', { metadata: { list: [1], a: 'x', b: 'y' } });
    await visitor.go('/packages/not-json');
    const faulty = async (key, at, wrong, fault, right) => {
      const input = field(page, key).locator('input').nth(at);
      await input.fill(wrong);
      await page.click('#edit .go');
      await page.waitForSelector('.pair [aria-invalid]:focus');
      assert.equal(await input.getAttribute('aria-invalid'), 'true');
      const described = await input.getAttribute('aria-describedby');
      assert.match(await page.textContent(`[id="${described}"]`), fault);
      assert.equal(await input.inputValue(), wrong);
      await input.fill(right);
    };
    await faulty('list', 1, '[1,', /not JSON/, '[2]');
    await faulty('b', 0, 'a', /another field/, 'c');
    // The browser itself asks for a name.
    await page.click('[data-do=add]');
    await page.click('#edit .go');
    assert.ok(await visitor.isFocused('.pair input:invalid'));
    await visitor.type('d');
    await page.click('#edit .go');
    await visitor.said('Saved.');
    assert.deepEqual((await visitor.read('not-json')).metadata, { list: [2], a: 'x', c: 'y', d: '' });
  },
};
