// What a person meets first: a folder without a tasks file, the walkthrough, the keys; and where the extension stays away.
import { equal, processes, until } from './harness.mjs';
import { part } from './part.mjs';

const FILE = '.draft-tasks.toml';

export async function first(browser, version, { platform }) {
  await withoutFile(browser, version, platform);
  await elsewhere(browser, version, platform);
}

async function withoutFile(browser, version, vsix) {
  const prepare = (place) => place.write('draft.toml', '[environments.development]\nname = "web"\n');
  await part(browser, version, 'without a file', vsix, prepare, {}, async (window, place, check) => {
    const { page } = window;
    await check('the Testing view says what is missing, and makes it', async () => {
      // It comes with the extension.
      await page.locator('.activitybar [aria-label="Testing"]').first().click();
      await page.getByText('There is no .draft-tasks.toml in this workspace.').first().waitFor();
      await window.picture('welcome');
      await page.locator('.monaco-button', { hasText: 'Create .draft-tasks.toml…' }).first().click();
      await window.pick('The example of DEP-8');
      await until('the file is there', () => place.read(FILE).includes('[post-deploy]'));
      await page.getByText('There is no .draft-tasks.toml in this workspace.').first().waitFor({ state: 'detached' });
    });
    await check('a key runs the task at the cursor, another one what ran last', async () => {
      place.write(`keys/${FILE}`, '[pre-up]\n"one" = "sh note.sh one"\n"two" = "sh note.sh two"\n"three" = "sh note.sh three"\n');
      place.write('keys/note.sh', 'echo "$1" >> notes\n');
      await window.openFile(`keys/${FILE}`);
      await window.lens('Run pre-up (3 tasks)').waitFor();
      await window.goTo(3, 2);
      await page.keyboard.press('Control+Alt+Enter');
      await until('the second ran', () => place.read('keys/notes') === 'two\n');
      await page.locator('#draft-tasks\\.draft-tasks\\.draftTasks\\.status .codicon-pass').waitFor();
      await page.keyboard.press('Control+Alt+Shift+Enter');
      await until('it ran again', () => place.read('keys/notes') === 'two\ntwo\n');
    });
    await check('the status bar is read out in words', async () => {
      const label = page.locator('#draft-tasks\\.draft-tasks\\.draftTasks\\.status [aria-label]').first();
      await until('it tells the outcome', async () => (await label.getAttribute('aria-label')).endsWith('pre-up, passed'));
      equal(/[*$`]/.test(await label.getAttribute('aria-label')), false);
    });
    await check('words of the file are not offered as completions', async () => {
      await window.goTo(3, 2);
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.keyboard.type('"c" = "go thr');
      await page.keyboard.press('Control+Space');
      await window.text('.suggest-widget.visible', '').waitFor();
      equal(await page.locator('.suggest-widget.visible .monaco-list-row .codicon-symbol-text').count(), 0);
      await page.keyboard.press('Escape');
    });
    await check('Enter over the placeholder of a snippet goes on to the next one, and makes a line behind the last', async () => {
      place.write(`snippet/${FILE}`, '[pre-up]\n');
      await window.openFile(`snippet/${FILE}`);
      await window.goTo(1, 9);
      await page.keyboard.press('Enter');
      await page.keyboard.press('Control+Space');
      await window.text('.suggest-widget.visible .monaco-list-row', 'run a script').click();
      await window.text('.view-line', './scripts/prepare.sh').waitFor();
      await page.keyboard.type('set it up');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      await page.keyboard.type('x = "y"');
      await window.save(`snippet/${FILE}`, (text) => text.includes('x = "y"'));
      equal(place.read(`snippet/${FILE}`), '[pre-up]\n"set it up" = "./scripts/set it up.sh"\nx = "y"\n');
    });
    await check('quotes that are typed over a placeholder are those that stand there', async () => {
      const wanted = '"make it" = "make test"';
      const isWritten = async () => (await window.lines())[1] === wanted;
      // As fast as keys can be, and as a person types.
      for (const delay of [0, 60]) {
        for (const [description, command] of [['"make it"', '"make test"'], ['make it', '"make test"'], ['"make it', '"make test"'], ['make it', 'make test']]) {
          await page.keyboard.press('Control+A');
          await page.keyboard.press('Delete');
          await page.keyboard.type('[pre-up]\n');
          await page.keyboard.press('Control+Space');
          await window.text('.suggest-widget.visible .monaco-list-row', 'description = "command"').click();
          await window.text('.view-line', '"description" = "command"').waitFor();
          await page.keyboard.type(description, { delay });
          await page.keyboard.press('Tab');
          await page.keyboard.type(command, { delay });
          await until(`${description}, ${command}: no quote is doubled`, isWritten);
        }
      }
      // It may have been saved before by itself.
      await window.save(`snippet/${FILE}`, (text) => text.includes(wanted));
    });
    await check('the page of the extension has no picture that does not show', async () => {
      await window.command('View: Show Extensions');
      await page.locator('.extensions-list .monaco-list-row', { hasText: 'Draft Tasks' }).first().click();
      const text = page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
      await text.getByRole('heading', { name: 'Draft Tasks for VS Code' }).waitFor();
      await text.getByText('Start with Draft Tasks').waitFor();
      await window.picture('page');
      equal(await text.locator('img').count(), 0);
      equal(await text.locator('body').evaluate((it) => /!\[|images\//.test(it.textContent)), false);
      await window.command('View: Close Editor');
      await window.command('View: Show Explorer');
    });
    await check('a walkthrough leads from the file to the pods', async () => {
      await window.command('Welcome: Open Walkthrough...');
      await window.pick('Start with Draft Tasks');
      const steps = page.locator('.getting-started-step');
      await steps.first().waitFor();
      await until('it has its steps', async () => (await steps.count()) === 5);
      const picture = page.locator('.getting-started-media img').first();
      await until('its picture shows', async () => await picture.evaluate((it) => it.complete && it.naturalWidth > 100));
      await window.picture('walkthrough');
    });
  });
}

/** A chart alone is nothing of Draft. */
async function elsewhere(browser, version, vsix) {
  const prepare = (place) => place.write('app/charts/Chart.yaml', 'name: x\n');
  await part(browser, version, 'a chart alone', vsix, prepare, {}, async (window, place, check) => {
    await check('the extension does not start', async () => {
      await window.command('Developer: Show Running Extensions');
      await window.page.locator('.runtime-extensions-editor .monaco-list-row').first().waitFor();
      await window.picture('extensions');
      equal(await window.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'Draft Tasks' }).count(), 0);
      equal(processes(`${place.extensions}/draft-tasks.draft-tasks-`), []);
    });
  });
}
