// Curators choose what is shown on days to come.
import assert from 'node:assert/strict';
import { refused } from '../visitor.mjs';

const month = '?month=2027-03';
const row = (page, name) => page.locator(`tr[data-name=${name}]`);

export default {
  async 'packages are pinned, moved, swapped and unpinned with the mouse'(visitor) {
    const { page } = visitor;
    for (const name of ['pinned-one', 'pinned-two']) await visitor.create(name);
    await visitor.go(`/days${month}`);
    const days = await page.$$eval('td[data-date]:not(.out)', cells => cells.slice(0, 3).map(cell => cell.dataset.date));
    const pin = async (day, name) => {
      await page.fill('#p-name', name);
      await page.fill('#p-date', day);
      await page.click('#pin .go');
      await page.waitForSelector(`tr[data-date="${day}"][data-name="${name}"]`);
    };
    await page.locator('td:not(.out) [data-do=pin]').first().click();
    assert.equal(await page.inputValue('#p-date'), days[0]);
    await pin(days[0], 'pinned-one');
    await pin(days[1], 'pinned-two');
    // No pin is replaced by another one.
    visitor.expects(refused(412));
    await page.fill('#p-name', 'pinned-two');
    await page.fill('#p-date', days[0]);
    await page.click('#pin .go');
    await visitor.said('exists already');
    assert.equal(await row(page, 'pinned-one').getAttribute('data-date'), days[0]);
    await page.click('tr[data-name=pinned-one] [data-do=move]');
    await pin(days[1], 'pinned-one');
    assert.equal(await row(page, 'pinned-two').getAttribute('data-date'), days[0]);
    await page.click('tr[data-name=pinned-one] [data-do=move]');
    await pin(days[2], 'pinned-one');
    assert.equal(await page.locator(`tr[data-date="${days[1]}"]`).count(), 0);
    for (const name of ['pinned-one', 'pinned-two']) {
      await page.click(`tr[data-name=${name}] [data-do=unpin]`);
      await row(page, name).waitFor({ state: 'detached' });
    }
  },
  async 'a package is pinned, moved and unpinned with the keyboard alone'(visitor) {
    const { page } = visitor;
    await visitor.create('keyed-pin');
    await visitor.go(`/days${month}`);
    await visitor.press('p');
    await visitor.type('keyed-pin');
    await visitor.press('Tab');
    await visitor.type('03102027');
    await visitor.press('Enter');
    await page.waitForSelector('tr[data-name=keyed-pin][data-date="2027-03-10"]');
    await visitor.tabTo('#pins tr[data-name=keyed-pin] a');
    await visitor.press('m');
    await visitor.tabTo('#p-date');
    await visitor.type('03112027');
    await visitor.press('Enter');
    await page.waitForSelector('tr[data-name=keyed-pin][data-date="2027-03-11"]');
    await visitor.tabTo('tr[data-name=keyed-pin] [data-do=unpin]');
    await visitor.press('Enter');
    await row(page, 'keyed-pin').waitFor({ state: 'detached' });
  },
  async 'a move that was begun does not move the pin of another package'(visitor) {
    const { page } = visitor;
    for (const name of ['pin-stays', 'pin-other']) await visitor.create(name);
    await visitor.go('/days?month=2027-04');
    for (const [day, name] of [['2027-04-10', 'pin-stays'], ['2027-04-11', 'pin-other']]) {
      await page.fill('#p-name', name);
      await page.fill('#p-date', day);
      await page.click('#pin .go');
      await page.waitForSelector(`tr[data-date="${day}"][data-name="${name}"]`);
      await page.click('tr[data-name=pin-stays] [data-do=move]');
    }
    assert.equal(await row(page, 'pin-stays').getAttribute('data-date'), '2027-04-10');
    for (const name of ['pin-stays', 'pin-other']) {
      await page.click(`tr[data-name=${name}] [data-do=unpin]`);
      await row(page, name).waitFor({ state: 'detached' });
    }
  },
  async 'a package that does not exist is not pinned'(visitor) {
    const { page } = visitor;
    visitor.expects(refused('4\\d\\d'));
    await visitor.go(`/days${month}`);
    await page.fill('#p-name', 'does-not-exist');
    await page.fill('#p-date', '2027-03-20');
    await page.click('#pin .go');
    await page.waitForSelector('#note.bad');
    assert.equal(await page.inputValue('#p-name'), 'does-not-exist');
  },
};
