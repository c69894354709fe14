// Curators change many packages at once.
import assert from 'node:assert/strict';

async function createMany(visitor, tag, count) {
  const names = Array.from({ length: count }, (_, at) => `${tag}-${String(at).padStart(2, '0')}`);
  for (const name of names) await visitor.create(name, { tags: [tag] });
  return names;
}

async function haveTag(visitor, names, tag) {
  const tags = await Promise.all(names.map(async name => (await visitor.read(name)).tags ?? []));
  return tags.filter(it => it.includes(tag)).length;
}

// Follows the link to the change, and takes it back.
async function undo(visitor, names, tag) {
  await visitor.page.click('#note a');
  await visitor.page.click('main [data-do=undo]');
  await visitor.said('taken back');
  assert.equal(await haveTag(visitor, names, tag), 0);
}

export default {
  async 'rows are selected with the mouse, tagged at once, and one undo takes it back'(visitor) {
    const { page } = visitor;
    const names = await createMany(visitor, 'clicked-many', 4);
    await visitor.go('?tag=clicked-many');
    assert.equal(await page.isVisible('#bulk'), false);
    for (const at of [0, 2, 3]) await page.locator('.rows input').nth(at).click();
    await page.locator('.rows input').nth(3).click();
    assert.match(await page.textContent('#bulk h2'), /^2 packages selected/);
    await page.click('#b-add_tags');
    await visitor.type('clicked-new');
    await page.click('#b-note');
    await visitor.type('At once');
    await page.click('#bulk .go');
    await visitor.agree(/Change 2 packages \(add: clicked-new; remove: \)\?/);
    await visitor.said('Changed 2 packages');
    assert.equal(await haveTag(visitor, [names[0], names[2]], 'clicked-new'), 2);
    assert.equal(await haveTag(visitor, names, 'clicked-new'), 2);
    await undo(visitor, names, 'clicked-new');
  },
  async 'all that match are tagged and then deleted with the keyboard alone'(visitor) {
    const { page } = visitor;
    const names = await createMany(visitor, 'keyed-many', 53);
    await visitor.go('?tag=keyed-many');
    await visitor.press('j', 'x');
    assert.match(await page.textContent('#bulk h2'), /^1 package selected/);
    await visitor.press('a');
    assert.match(await page.textContent('#bulk h2'), /^50 packages selected/);
    await visitor.press('t');
    assert.ok(await visitor.isFocused('#b-add_tags'));
    await visitor.tabTo('[data-do=every]', 'Shift+Tab');
    await visitor.press('Enter');
    assert.match(await page.textContent('#bulk h2'), /^53 packages selected/);
    await visitor.tabTo('#b-add_tags');
    await visitor.type('keyed-new');
    await visitor.press('Control+Enter');
    await visitor.agree(/Change 53 packages/, 'Enter');
    await visitor.said('Changed 53 packages');
    assert.equal(await haveTag(visitor, names, 'keyed-new'), 53);
    await visitor.tabTo('#note a');
    await visitor.press('Enter');
    await page.waitForURL(/changes\/\d+/);
    await visitor.tabTo('[data-do=undo]');
    await visitor.press('Enter');
    await visitor.said('taken back');
    assert.equal(await haveTag(visitor, names, 'keyed-new'), 0);
  },
  async 'the packages that are shown are changed, although a newer search was typed'(visitor) {
    const { page } = visitor;
    const names = await createMany(visitor, 'shown-many', 2), others = await createMany(visitor, 'newer-many', 2);
    await visitor.go('?q=shown-many');
    await page.locator('.rows input').first().click();
    await page.click('[data-do=every]');
    const hang = () => {};
    await page.route('**/desk?q=newer*', hang);
    await page.fill('#q', 'newer-many');
    await page.waitForURL(/newer-many/);
    await page.fill('#b-add_tags', 'shown-new');
    await page.click('#bulk .go');
    await visitor.agree(/Change 2 packages/);
    const tagged = async of => await haveTag(visitor, of, 'shown-new') === 2;
    while (!await tagged(names)) assert.equal(await tagged(others), false);
    await page.unroute('**/desk?q=newer*', hang);
    await page.reload();
    assert.equal(await tagged(others), false);
  },
  async 'a form can be used again after a question was answered with no'(visitor) {
    const { page } = visitor;
    await createMany(visitor, 'asked-many', 1);
    await visitor.go('?tag=asked-many');
    await page.locator('.rows input').first().click();
    await page.fill('#b-add_tags', 'asked-new');
    await page.click('#bulk .go');
    await page.waitForSelector('#ask[open]');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => !document.querySelector('#bulk').inert);
    await page.click('#bulk .go');
    await visitor.agree(/Change 1 package/);
    await visitor.said('Changed 1 package');
  },
  async 'a page of rows is selected and deleted, and comes back'(visitor) {
    const { page } = visitor;
    const names = await createMany(visitor, 'deleted-many', 3);
    await visitor.go('?tag=deleted-many');
    await page.click('#page');
    await page.click('#bulk .danger');
    await page.click('#ask[open] button:has-text("No")');
    assert.equal(await visitor.exists(names[0]), true);
    await page.click('#bulk .danger');
    await visitor.agree(/Delete 3 packages/);
    await visitor.said('Deleted 3 packages');
    assert.equal(await visitor.exists(names[0]), false);
    await page.click('#note a');
    await page.click('main [data-do=undo]');
    await visitor.said('taken back');
    assert.deepEqual((await visitor.read(names[2])).tags, ['deleted-many']);
  },
  async 'a tag that cannot be one is refused at its field, and the selection stays'(visitor) {
    const { page } = visitor;
    visitor.expects(/status of 422/);
    await createMany(visitor, 'refused-many', 2);
    await visitor.go('?tag=refused-many');
    await page.click('#page');
    await page.fill('#b-add_tags', 'b@d');
    await page.click('#bulk .go');
    await page.waitForSelector('#b-add_tags[aria-invalid]');
    assert.match(await page.textContent('#bulk h2'), /^2 packages selected/);
  },
  async 'nothing is changed if somebody else was faster, until the new count is accepted'(visitor) {
    const { page } = visitor;
    visitor.expects(/status of 412/);
    const names = await createMany(visitor, 'faster-many', 3);
    await visitor.go('?tag=faster-many');
    await page.click('#page');
    await page.fill('#b-add_tags', 'faster-new');
    // Somebody else writes between the preview and the change.
    let previews = 0;
    await page.route('**/changes?dry_run=true', async route => {
      const response = await visitor.forward(route);
      previews += 1;
      if (previews === 1) await visitor.api('PATCH', `/packages/${names[0]}`, { tags: ['faster-many', 'faster-new'] }, { 'content-type': 'application/merge-patch+json' });
      await route.fulfill({ response });
    });
    await page.click('#bulk .go');
    await visitor.agree(/Change 3 packages/);
    await visitor.agree(/Change 2 packages/);
    await visitor.said('Changed 2 packages');
    assert.equal(await haveTag(visitor, names, 'faster-new'), 3);
  },
};
