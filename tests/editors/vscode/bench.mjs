// What a person waits for in VS Code: a list after a key, output after a lens, the extension host while much output comes.
// Prints milliseconds: the median and the longest of some repetitions. No test looks at them.
//
// A time begins with the event of key or mouse in the window and ends when what is waited for is in it, so the way to the
// extension host and back counts, and drawing does not. The list is asked for by Ctrl+Space, for which the editor does not wait,
// as it does (`editor.quickSuggestionsDelay`) after a letter.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Place, root, until, Window } from './harness.mjs';

const FILE = '.draft-tasks.toml';

function tell(what, times) {
  const sorted = [...times].sort((one, other) => one - other);
  const [median, longest] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map((time) => time.toFixed(1));
  console.log(`${what.padEnd(44)} ${median.padStart(6)} ms, at most ${longest} ms`);
}

/** Measures in the window how long it takes from an event until an element has a text. */
async function timed(page, event, selector, text, act) {
  await page.evaluate(([event, selector, text]) => {
    window.took = undefined;
    addEventListener(event, () => {
      const began = performance.now();
      const look = () => {
        const isThere = [...document.querySelectorAll(selector)].some((it) => it.textContent.replace(/\u00a0/g, ' ').includes(text));
        if (isThere) window.took = performance.now() - began;
        return isThere;
      };
      if (!look()) {
        const observer = new MutationObserver(() => look() && observer.disconnect());
        observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['class'] });
      }
    }, { capture: true, once: true });
  }, [event, selector, text]);
  await act();
  return await until(`${text} is there`, () => page.evaluate(() => window.took));
}

export async function bench(browser, vsix) {
  const place = new Place('1.139');
  const tasks = Array.from({ length: 99 }, (_, number) => `"task ${number + 2}" = "echo hello ${number + 2}"`);
  place.write(FILE, `[pre-up]\n"task 1" = "cat tick"\n${tasks.join('\n')}\n"new task" = "ec"\n`);
  place.write(`much/${FILE}`, '[pre-up]\nmuch = "sh much.sh"\n');
  place.write('much/much.sh', 'seq 100000\ncat ../tick\n');
  place.settings({ 'editor.quickSuggestions': { strings: 'off', other: 'off', comments: 'off' } });
  // One that comes later is not seen.
  fs.cpSync(path.join(root, 'tests/editors/vscode/meter'), path.join(place.extensions, 'tests.meter-1.0.0'), { recursive: true });
  place.install(vsix);
  await place.start();
  const window = await Window.open(browser, place, 'bench');
  try {
    const load = () => os.loadavg()[0].toFixed(1);
    console.log(`VS Code ${place.version}, ${os.cpus().length} processors, load ${load()}`);
    await window.openFile(FILE);
    await window.lens('Run pre-up').waitFor();
    await completion(window);
    await lens(window, place);
    await much(window, place);
    console.log(`load ${load()}`);
  } finally {
    await window.page.close();
    await place.stop();
    place.remove();
  }
}

async function completion(window) {
  const { page } = window;
  const list = page.locator('.suggest-widget.visible');
  await window.goTo(102, 17);
  const times = [];
  for (let time = 0; time < 30; time++) {
    times.push(await timed(page, 'keydown', '.suggest-widget.visible .monaco-list-row', 'echo', () => page.keyboard.press('Control+Space')));
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'hidden' });
  }
  tell('key to list of completion, 100 tasks', times);
}

async function lens(window, place) {
  const { page } = window;
  const status = page.locator('#draft-tasks\\.draft-tasks\\.draftTasks\\.status .codicon-pass');
  await window.goTo(2, 1);
  const run = page.locator('.codelens-decoration a', { hasText: /^\W*Run(\s·|$)/ }).first();
  const times = [];
  for (let time = 0; time < 30; time++) {
    place.write('tick', `tick ${time}.\n`);
    await run.waitFor();
    times.push(await timed(page, 'mousedown', '.output-view .view-line', `tick ${time}.`, () => run.click()));
    await status.waitFor();
  }
  tell('lens to first output', times);
}

async function much(window, place) {
  await window.openFile(`much/${FILE}`);
  const [clock, processor] = [[], []];
  for (let time = 0; time < 5; time++) {
    fs.rmSync(place.path('longest.json'), { force: true });
    place.write('tick', `all of ${time}.\n`);
    await window.lens('Run pre-up (1 task)').waitFor();
    await window.command('Meter: Begin');
    await window.lens('Run pre-up (1 task)').click();
    await window.untilOutput(`all of ${time}.`);
    await window.command('Meter: End');
    await until('it was measured', () => place.read('longest.json').endsWith('}'));
    const longest = JSON.parse(place.read('longest.json'));
    clock.push(longest.clock);
    processor.push(longest.processor);
  }
  tell('100,000 lines: longest block of the host', clock);
  tell('  of the processor', processor);
}
