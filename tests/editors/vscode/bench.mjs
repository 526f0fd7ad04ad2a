// What a person waits for in VS Code: a list after a key, output after a lens, the extension host while much output comes.
// Prints milliseconds: the median and the longest of some repetitions. No test looks at them.
//
// A time begins with the event of key or mouse in the window and ends when what is waited for is in it, so the way to the
// extension host and back counts, and drawing does not. Beside it stands what the same takes where a provider knows its answer
// (`meter`), which is the editor's own part, and what it takes in the extension host alone, which is ours. The list is asked for by Ctrl+Space, for which the editor does not wait,
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
        const isThere = [...document.querySelectorAll(selector)].some((it) => it.textContent.replace(/\u00a0/g, ' ').includes(text)
          && it.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && it.getBoundingClientRect().height > 0);
        if (isThere) window.took = performance.now() - began;
        return isThere;
      };
      if (!look()) {
        const observer = new MutationObserver(() => look() && observer.disconnect());
        observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['class', 'style'] });
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
  place.write('plain.txt', 'ec\n');
  place.write('much/much.sh', 'seq 100000\ncat ../tick\n');
  place.settings({ 'editor.quickSuggestions': { strings: 'off', other: 'off', comments: 'off' } });
  // One that comes later is not seen.
  fs.cpSync(path.join(root, 'tests/editors/vscode/meter'), path.join(place.extensions, 'tests.meter-1.0.0'), { recursive: true });
  place.install(vsix);
  await place.start();
  const window = await Window.open(browser, place, 'bench');
  const { page } = window;
  try {
    const load = () => os.loadavg()[0].toFixed(1);
    console.log(`VS Code ${place.version}, ${os.cpus().length} processors, load ${load()}`);
    await window.openFile(FILE);
    await window.lens('Run pre-up').waitFor();
    await list(window, FILE, [102, 17], 'key to list of completion, 100 tasks');
    tell('  of it host, server and back', await inHost(window, 'Ask'));
    await window.openFile('plain.txt');
    await list(window, 'plain.txt', [1, 3], '  a provider that knows its answer');
    await window.openFile(FILE);
    await window.goTo(2, 1);
    const passed = page.locator('#draft-tasks\\.draft-tasks\\.draftTasks\\.status .codicon-pass');
    await lens(window, /^\W*Run(\s·|$)/, 'lens to first output', () => passed.waitFor());
    tell('  of it host, server and back', await inHost(window, 'Run'));
    await window.openFile('plain.txt');
    await lens(window, /^Say$/, '  a command that knows what to write', async () => {});
    await much(window, place);
    console.log(`load ${load()}`);
  } finally {
    await window.page.close();
    await place.stop();
    place.remove();
  }
}

async function list(window, file, [line, column], what) {
  const { page } = window;
  const shown = page.locator('.suggest-widget.visible');
  await window.openFile(file);
  await window.goTo(line, column);
  const times = [];
  for (let time = 0; time < 30; time++) {
    times.push(await timed(page, 'keydown', '.suggest-widget .monaco-list-row', 'echo', () => page.keyboard.press('Control+Space')));
    // A while after it is there the editor says that it is.
    await shown.waitFor();
    await page.keyboard.press('Escape');
    await shown.waitFor({ state: 'hidden' });
  }
  tell(what, times);
}

async function lens(window, title, what, over) {
  const { page, place } = window;
  const run = page.locator('.codelens-decoration a', { hasText: title }).first();
  const times = [];
  for (let time = 0; time < 30; time++) {
    place.write('tick', `tick ${time} of ${what}.\n`);
    await run.waitFor();
    times.push(await timed(page, 'mousedown', '.output-view .view-line', `tick ${time} of ${what}.`, () => run.click()));
    await over();
  }
  tell(what, times);
}

/** What the extension host measures of the file that is looked at. */
async function inHost(window, command) {
  const { place } = window;
  fs.rmSync(place.path('asked.json'), { force: true });
  await window.command(`Meter: ${command}`);
  await until('it was measured', () => place.read('asked.json').endsWith('}'));
  return JSON.parse(place.read('asked.json')).times;
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
