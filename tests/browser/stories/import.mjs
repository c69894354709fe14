// Curators import a table or a file.
import assert from 'node:assert/strict';

const table = 'name\tsummary\ttags\nimported-a\tFirst\tfrom-table\nimported-b\tSecond\tfrom-table\n';

const counted = (page, what) => page.textContent(`#preview [data-count=${what}] b`);

export default {
  async 'a table is pasted, previewed, imported and taken back'(visitor) {
    const { page } = visitor;
    await visitor.go('/import');
    await page.fill('#i-text', `${table}bad name\tThird\t\n`);
    await page.fill('#i-note', 'Pasted');
    await page.click('#import .go');
    await page.waitForSelector('#preview:not([hidden])');
    assert.equal(await counted(page, 'added'), '2');
    assert.equal(await counted(page, 'refused'), '1');
    const rows = await page.$$eval('#preview tbody tr', all => all.map(it => it.textContent));
    assert.equal(rows.length, 3);
    // What is wrong comes first.
    assert.match(rows[0], /^4refused/);
    assert.equal(await visitor.exists('imported-a'), false);
    await page.click('#preview .go');
    await visitor.said('Imported 2 packages');
    assert.equal((await visitor.read('imported-b')).short_desc, 'Second');
    await page.click('#note a');
    assert.equal(await page.textContent('main q'), 'Pasted');
    await page.click('main [data-do=undo]');
    await visitor.said('taken back');
    assert.equal(await visitor.exists('imported-a'), false);
  },
  async 'a table is imported with the keyboard alone'(visitor) {
    const { page } = visitor;
    await visitor.go('/import');
    await visitor.tabTo('#i-text');
    await page.keyboard.insertText(table.replaceAll('imported', 'keyed-import'));
    await visitor.tabTo('#i-tag');
    await visitor.type('keyed-import');
    await visitor.press('Control+Enter');
    await page.waitForSelector('#preview:not([hidden])');
    await visitor.tabTo('#preview .go');
    await visitor.press('Enter');
    await visitor.said('Imported 2 packages');
    assert.deepEqual((await visitor.read('keyed-import-a')).tags, ['from-table', 'keyed-import']);
    await visitor.tabTo('#note a');
    await visitor.press('Enter');
    await page.waitForURL(/changes\/\d+/);
    await visitor.tabTo('[data-do=undo]');
    await visitor.press('Enter');
    await visitor.said('taken back');
    assert.equal(await visitor.exists('keyed-import-a'), false);
  },
  async 'a file is chosen or dropped, and packages that exist are changed only if that is chosen'(visitor) {
    const { page } = visitor;
    await visitor.create('dropped', { short_desc: 'Before' });
    const content = '{"name":"dropped","short_desc":"After"}\n';
    await visitor.go('/import');
    await page.setInputFiles('#i-file', { name: 'packages.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(content) });
    await page.click('#import .go');
    await page.waitForSelector('#preview:not([hidden])');
    assert.equal(await counted(page, 'present'), '1');
    await page.selectOption('#i-existing', 'update');
    assert.equal(await page.isVisible('#preview'), false, 'a preview that is not true any more is hidden');
    await visitor.go('/import');
    await page.selectOption('#i-existing', 'update');
    const transfer = await page.evaluateHandle(content => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], 'packages.ndjson'));
      return transfer;
    }, content);
    await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
    await page.waitForSelector('#preview:not([hidden])');
    assert.equal(await counted(page, 'changed'), '1');
    await page.click('#preview .go');
    await visitor.said('Imported 1 package');
    assert.equal((await visitor.read('dropped')).short_desc, 'After');
  },
  async 'a name that looks like that of another package is shown before the others'(visitor) {
    const { page } = visitor;
    await visitor.create('alike-flask');
    await visitor.go('/import');
    await page.fill('#i-text', 'name,summary\nalike-other,First\nalike-fIask,Second\n');
    await page.click('#import .go');
    await page.waitForSelector('#preview:not([hidden])');
    assert.equal(await counted(page, 'look_alike'), '1');
    const first = page.locator('#preview tbody tr').first();
    assert.equal(await first.locator('th').textContent(), 'alike-fIask');
    assert.equal(await first.locator('mark').textContent(), 'Looks like');
    await first.locator('a:text-is("alike-flask")').click();
    await page.waitForURL(/packages\/alike-flask$/);
  },
  async 'a preview of many rows shows the first ones, and says how many more there are'(visitor) {
    const { page } = visitor;
    await visitor.go('/import');
    const preview = async count => {
      // A browser takes seconds to type as many lines.
      const table = `name,summary\n${Array.from({ length: count }, (_, at) => `many-rows-${at},Words\n`).join('')}`;
      await page.setInputFiles('#i-file', { name: 'packages.csv', mimeType: 'text/csv', buffer: Buffer.from(table) });
      await page.click('#import .go');
      await page.waitForSelector('#preview:not([hidden])');
      assert.equal(await counted(page, 'added'), String(count));
      assert.equal(await page.locator('#preview tbody tr').count(), 500);
    };
    await preview(500);
    assert.equal(await page.isVisible('#more'), false);
    await preview(1734);
    assert.match(await page.textContent('#more'), /first 500 rows/);
    assert.match(await page.textContent('#preview .go'), /1,734 packages/);
  },
  async 'nothing is written if somebody else was faster, and the new preview is shown'(visitor) {
    const { page } = visitor;
    visitor.expects(/status of 412/);
    await visitor.go('/import');
    await page.fill('#i-text', table.replaceAll('imported', 'faster-import'));
    await page.click('#import .go');
    await page.waitForSelector('#preview:not([hidden])');
    await visitor.create('faster-import-a', { short_desc: 'Theirs' });
    await page.click('#preview .go');
    await visitor.said('faster');
    assert.equal(await visitor.exists('faster-import-b'), false);
    assert.equal(await counted(page, 'added'), '1');
    await page.click('#preview .go');
    await visitor.said('Imported 1 package');
    assert.equal((await visitor.read('faster-import-a')).short_desc, 'Theirs');
  },
};
