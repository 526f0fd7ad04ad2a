// A part of the tests in a window: a VS Code with the package installed from scratch, and what is left of it at the end.
import fs from 'node:fs';
import { equal, Place, step, Window } from './harness.mjs';

/**
 * @param prepare makes the files, in a place that is empty
 * @param steps gets the window, the place, and how to check something
 */
export async function part(browser, version, name, vsix, prepare, start, steps) {
  const place = new Place(version);
  const label = `VS Code ${version}, ${name}`;
  let window;
  try {
    await prepare(place);
    await step(`${label}: the package installs from scratch`, undefined, () => {
      place.install(vsix);
      const installed = fs.readdirSync(place.extensions).filter((it) => it.startsWith('draft-tasks.draft-tasks-'));
      equal(installed.length, 1);
    });
    await place.start(start);
    window = await Window.open(browser, place, `${version}-${name.replaceAll(' ', '-')}`, start.open?.(place));
    // What comes after a failure waits for what it did not bring about, each time for as long as it may take.
    let goesOn = true;
    await steps(window, place, async (what, run) => {
      if (goesOn) goesOn = (await step(`${label}: ${what}`, window.page, run)) || process.env.DRAFT_TASKS_KEEP_GOING === '1';
      else console.log(`skipped ${label}: ${what}`);
    });
  } finally {
    await window?.page.close();
    await step(`${label}: nothing is left of it`, undefined, async () => equal(await place.stop(), []));
    place.remove();
  }
}
