// Runs what people do with the desk, in Chromium: `node run.mjs GROUPS URL...`. GROUPS are names of files in
// `stories`, with commas between them. Each URL is that of a catalogue.
//
// PYADAY_BROWSER names the folder of `node_modules`, PYADAY_SIGN_IN is a token if a group needs one, and
// PYADAY_STORY a part of the name of the only stories to run. A story fails if something is not as it says, and
// also for everything that a visitor has in `faults`.
import assert from 'node:assert/strict';
import { launch, Visitor } from './visitor.mjs';

const [groups, ...bases] = process.argv.slice(2);
const browser = await launch();
let failed = 0;

async function run(name, story, base) {
  const visitor = await Visitor.arrive(browser, base);
  const faults = [];
  const begin = performance.now();
  try {
    await story(visitor);
  } catch (error) {
    faults.push(error.stack);
  }
  await visitor.leave();
  faults.push(...visitor.faults);
  if (faults.length) failed += 1;
  console.log(`${faults.length ? 'FAILED' : 'ok'}: ${name} (${base}, ${Math.round(performance.now() - begin)} ms)`);
  for (const fault of faults) console.log(`    ${fault}`);
}

assert.ok(bases.length);
// The stories of one catalogue are told one after the other, because some look at the newest change.
await Promise.all(bases.map(async base => {
  for (const group of groups.split(',')) {
    const { default: stories } = await import(`./stories/${group}.mjs`);
    for (const [name, story] of Object.entries(stories)) {
      if (name.includes(process.env.PYADAY_STORY ?? '')) await run(name, story, base);
    }
  }
}));
await browser.close();
process.exit(failed ? 1 : 0);
