// What a person sees and does: in the installed package, step by step, with pictures.
import fs from 'node:fs';
import path from 'node:path';
import { equal, isAlive, processes, root, until } from './harness.mjs';
import { part } from './part.mjs';

/** Where the words of the code lens, the tree and the problems come from. */
const FILE = '.draft-tasks.toml';
const SHOP = `[pre-up]
"say hello" = "echo hello world"
"talk slowly" = "sh talk.sh"
"check the database" = "sh check.sh"

[post-delete]
"wait for ever" = "sh wait.sh"
`;

function fill(place) {
  place.write(FILE, SHOP);
  place.write('talk.sh', 'echo the first words\nuntil [ -e go ]; do sleep 0.05; done\necho the last words\n');
  place.write('check.sh', '[ -e fixed ] || { echo "cannot reach the database" >&2; exit 3; }\necho reached\necho once >> reached\n');
  place.write('wait.sh', 'sleep 1000 & echo $! > pid\nwait\n');
  place.write('empty/.draft-tasks.toml', '');
  place.write('new/readme.txt', '');
}

export async function ui(browser, version, packages) {
  await inTrust(browser, version, packages.platform);
  await restricted(browser, version, packages.platform);
  await severalFolders(browser, version, packages.platform);
  await withoutServer(browser, version, packages.universal);
}

async function inTrust(browser, version, vsix) {
  await part(browser, version, 'trusted', vsix, fill, {}, async (window, place, check) => {
    const { page } = window;
    const squiggle = (severity) => page.locator(`.cdr.squiggly-${severity}`).first();

    await check('a tasks file opens with its language, lenses and squiggles', async () => {
      await window.openFile(FILE);
      await window.text('#status\\.editor\\.mode', 'Draft Tasks').waitFor();
      await window.lens('Run pre-up (3 tasks)').waitFor();
      await squiggle('warning').waitFor();
      await window.picture('opened');
    });
    await check('the problem is in the list of problems', async () => {
      await window.command('Problems: Focus on Problems View');
      await window.text('.markers-panel .monaco-list-row', 'the table `post-delete` is ignored, in Draft too').waitFor();
      await window.picture('problems');
    });
    await check('the code of a problem opens its explanation, as it is to be read', async () => {
      await window.text('.markers-panel .monaco-list-row', 'the table `post-delete` is ignored, in Draft too').locator('a', { hasText: 'post-delete' }).click();
      const document = page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
      const heading = document.getByRole('heading', { name: 'post-delete', exact: true });
      await heading.waitFor();
      await until('it is scrolled to the code', () => heading.evaluate((it) => it.getBoundingClientRect().bottom > 0 && it.getBoundingClientRect().top < innerHeight));
      await window.picture('explained');
      await window.command('View: Close Editor');
      await window.openFile(FILE);
    });
    await check('hovering a command shows what it runs', async () => {
      await page.locator('.view-line span', { hasText: 'echo' }).last().hover();
      await window.text('.monaco-hover:visible', 'Runs exactly this').waitFor();
      await window.picture('hover');
      await page.mouse.move(5, 5);
    });
    await check('the quick fix changes the file', async () => {
      await window.text('.view-line', 'post-delete').click();
      await window.goTo(6, 3);
      // Asked for before, it may close again at once.
      await page.locator('.lightBulbWidget:visible, .cgmr[class*="lightbulb"]').first().waitFor();
      await page.keyboard.press('Control+.');
      const fix = window.text('.action-widget .monaco-list-row', 'cleanup');
      await fix.waitFor();
      await window.picture('quick-fix');
      // Fixes, then what runs, then the rest, and at the end what ignores the problem.
      const entries = await page.locator('.action-widget .monaco-list-row.action').allTextContents();
      const kinds = entries.map((it) => (/^Rename/.test(it) ? 'fix' : /^Ignore/.test(it) ? 'ignore' : /^Run/.test(it) ? 'run' : 'rest'));
      const order = ['fix', 'run', 'rest', 'ignore'];
      equal([kinds[0], kinds.at(-1)], ['fix', 'ignore']);
      equal(kinds, [...kinds].sort((one, other) => order.indexOf(one) - order.indexOf(other)));
      await page.keyboard.press('Enter');
      await window.text('.view-line', '[cleanup]').waitFor();
      await squiggle('warning').waitFor({ state: 'detached' });
      await window.save(FILE, (text) => text.includes('[cleanup]'));
    });
    await check('an empty file offers phases and the example', async () => {
      await window.openFile(`empty/${FILE}`);
      await page.keyboard.press('Control+Space');
      await window.text('.suggest-widget.visible .monaco-list-row', 'pre-up').waitFor();
      await window.text('.suggest-widget.visible .monaco-list-row', 'the example of DEP-8').waitFor();
      await window.picture('completion');
      await window.text('.suggest-widget.visible .monaco-list-row', 'the example of DEP-8').click();
      await window.text('.view-line', '[post-deploy]').waitFor();
      await window.save(`empty/${FILE}`, (text) => text.includes('[post-deploy]'));
    });

    await check('the lens runs pre-up, and its output appears while it runs', async () => {
      await window.openFile(FILE);
      await window.lens('Run pre-up (3 tasks)').click();
      await window.untilOutput('the first words');
      await window.lens('Stop pre-up · talk slowly').waitFor();
      await window.text('#draft-tasks\\.draft-tasks\\.draftTasks\\.status', 'talk slowly').waitFor();
      equal((await window.output()).includes('the last words'), false);
      await window.picture('running');
      place.write('go', '');
      await window.untilOutput('the last words');
    });
    await check('the task that failed has a squiggle, and the status bar tells it', async () => {
      await squiggle('error').waitFor();
      await window.text('#draft-tasks\\.draft-tasks\\.draftTasks\\.status', 'pre-up').locator('.codicon-error').waitFor();
      await window.lens('last: ✗').waitFor();
      await window.notification('1 failed').getByText('Show Output').waitFor();
      await window.picture('failed');
      // The message says why. Beside it the lens of the phase does; all other places have a sign, and words for who asks.
      const places = await page.getByText(/cannot\sreach\sthe\sdatabase/).locator('visible=true').evaluateAll((all) => {
        // What is read out, and what the task itself wrote.
        const told = all.filter((it) => it.closest('.monaco-aria-container, .monaco-alert, .output-view') === null);
        return told.map((it) => ['notification-toast', 'codelens-decoration', 'statusbar'].find((place) => it.closest(`.${place}`) !== null) ?? it.outerHTML);
      });
      equal([...new Set(places)].sort(), ['codelens-decoration', 'notification-toast']);
      await window.dismiss();
    });
    await check('the Testing view has it, with its output', async () => {
      await window.command('View: Show Testing');
      await window.expand('work');
      await window.expand('pre-up');
      const failed = window.test('check the database');
      await failed.locator('.codicon-testing-failed-icon').waitFor();
      await window.test('say hello').locator('.codicon-testing-passed-icon').waitFor();
      await window.picture('testing');
      await failed.click();
    });
    await check('the link of its diagnostic opens the log', async () => {
      await page.keyboard.press('Escape');
      await window.command('Problems: Focus on Problems View');
      const problem = window.text('.markers-panel .monaco-list-row', 'exit code 3 after');
      await problem.waitFor();
      const closed = problem.locator('.monaco-tl-twistie.collapsed');
      if (await closed.count() > 0) await closed.click();
      const log = window.text('.markers-panel .monaco-list-row', 'what it wrote');
      await log.waitFor();
      await window.picture('failure');
      await log.dblclick();
      await window.text('.editor-instance .view-line', 'cannot reach the database').waitFor();
      await window.picture('log');
      await window.openFile(FILE);
    });
    await check('a phase is what the worst of its tasks is, also when another one of them has run since', async () => {
      await window.command('View: Show Testing');
      const row = window.test('say hello');
      await row.hover();
      await row.locator('.codicon-testing-run-icon').click();
      await window.untilOutput('pre-up: 1 passed');
      await window.test('pre-up').locator('.codicon-testing-failed-icon').waitFor();
      await window.openFile(FILE);
      await until('its icon in the gutter says so, too', async () =>
        await page.locator('.editor-instance .codicon-testing-failed-icon').count() >= 2);
      await window.picture('worst');
    });
    await check('rows of the Testing view are read out by the names of tasks', async () => {
      const label = await window.test('check the database').getAttribute('aria-label');
      equal([label.includes('check the database'), label.includes('sh check.sh')], [true, false]);
    });
    await check('running the failed ones again clears it', async () => {
      place.write('fixed', '');
      await window.command('Draft Tasks: Run Failed Tasks Again');
      await squiggle('error').waitFor({ state: 'detached' });
      await window.test('check the database').locator('.codicon-testing-passed-icon').waitFor();
    });
    await check('the Testing view runs a task', async () => {
      const row = window.test('check the database');
      await row.hover();
      await row.locator('.codicon-testing-run-icon').click();
      await until('it ran twice', () => place.read('reached') === 'once\nonce\n');
      await row.locator('.codicon-testing-passed-icon').waitFor();
      await window.picture('testing-run');
    });
    await check('stopping ends everything that was started', async () => {
      // The one of the run before may still be there.
      await page.locator('.editor-actions .codicon-run-all').first().waitFor();
      await window.lens('Run cleanup (1 task)').click();
      const pid = Number(await until('its process has started', () => place.read('pid').endsWith('\n') && place.read('pid')));
      equal(isAlive(pid), true);
      // The palette has only what could be done when it was opened.
      await page.locator('.editor-actions .codicon-debug-stop').first().waitFor();
      await window.command('Draft Tasks: Stop…');
      await until('its process has ended', () => !isAlive(pid));
      await window.lens('Run cleanup (1 task)').waitFor();
      await window.expand('cleanup');
      await window.test('wait for ever').locator('.codicon-testing-skipped-icon').waitFor();
    });
    await check('the title of the editor runs a phase, and stops it', async () => {
      const title = (icon) => page.locator(`.editor-actions .codicon-${icon}`).first();
      fs.rmSync(place.path('pid'));
      await title('run-all').click();
      await window.picture('title');
      await window.pick('cleanup');
      const pid = Number(await until('its process has started', () => place.read('pid').endsWith('\n') && place.read('pid')));
      await title('debug-stop').click();
      await until('its process has ended', () => !isAlive(pid));
      await title('run-all').waitFor();
    });
    const entry = (label) => page.locator('.monaco-menu .action-item').filter({ has: page.locator('.action-label', { hasText: label }) }).first();
    await check('the menu of a task runs it', async () => {
      place.write('reached', '');
      // Where lenses are drawn again, lines move under the hand.
      await window.goTo(4, 2);
      await window.lens('Run cleanup (1 task) · last: ■ stopped').waitFor();
      await page.locator('.view-line span', { hasText: 'check.sh' }).last().click({ button: 'right' });
      await entry('Run Task…').waitFor();
      await window.picture('menu-of-task');
      await entry('Run Task…').click();
      await until('it ran', () => place.read('reached') === 'once\n');
    });
    await check('the menu of a file in the explorer runs a phase', async () => {
      await window.command('View: Show Explorer');
      // Rows move while the explorer opens, so this goes to the row, wherever it is.
      const row = page.locator('.explorer-folders-view .monaco-list-row.selected').filter({ has: page.getByText(FILE, { exact: true }) });
      await row.dispatchEvent('contextmenu', { button: 2, bubbles: true });
      await entry('Run Phase…').waitFor();
      await window.picture('menu-of-file');
      await entry('Run Phase…').click();
      await window.pick('pre-up');
      await until('it ran', () => place.read('reached') === 'once\nonce\n');
    });
    await check('the status bar offers what comes next', async () => {
      await page.locator('#draft-tasks\\.draft-tasks\\.draftTasks\\.status').click();
      await window.text('.quick-input-widget:visible .monaco-list-row', 'Run Last Again').waitFor();
      await window.picture('menu');
      await page.keyboard.press('Escape');
    });
    await check('a plan is shown as a document', async () => {
      await window.command('Draft Tasks: Show Plan…');
      await window.pick('pre-up');
      await page.locator('.tab', { hasText: 'Plan of pre-up' }).waitFor();
      const document = page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
      await document.getByText('1. say hello').or(document.getByText('say hello: ')).first().waitFor();
      await window.picture('plan');
      await window.command('View: Close Editor');
    });
    await check('the terminal shows the output with colors', async () => {
      await window.command('Draft Tasks: Show Output in Terminal, with Colors');
      await window.text('.terminal-wrapper.active', '').locator('.xterm-screen').waitFor();
      await window.picture('terminal');
    });
    await check('a server that is killed is started again, and what it ran is told as interrupted', async () => {
      place.write('pid', '');
      await window.openFile(FILE);
      await window.lens('Run cleanup (1 task)').click();
      const left = Number(await until('its process has started', () => place.read('pid').endsWith('\n') && place.read('pid')));
      const [pid] = processes(`${place.extensions}/draft-tasks.draft-tasks-`).filter((it) => fs.readlinkSync(`/proc/${it}/exe`).endsWith('/bin/draft-tasks'));
      process.kill(pid, 'SIGKILL');
      await until('another one runs', () => {
        const [other] = processes(`${place.extensions}/draft-tasks.draft-tasks-`);
        return other !== undefined && other !== pid;
      });
      await window.notification('cleanup was interrupted, as the server has ended unexpectedly').getByText('Show Output').waitFor();
      await window.notification('to be ended with').waitFor();
      await window.picture('interrupted');
      await window.text('#draft-tasks\\.draft-tasks\\.draftTasks\\.status', 'cleanup').locator('.codicon-warning').waitFor();
      await window.lens('Run cleanup (1 task) · last: ■ interrupted').waitFor();
      await window.command('View: Show Testing');
      await window.test('wait for ever').locator('.codicon-testing-error-icon').waitFor();
      process.kill(left, 'SIGKILL');
      await window.dismiss();
      await window.openFile(`empty/${FILE}`);
      await window.lens('Run pre-up').waitFor();
    });
  });
}

async function restricted(browser, version, vsix) {
  const prepare = (place) => {
    fill(place);
    place.settings({ 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.banner': 'never', 'security.workspace.trust.untrustedFiles': 'open' });
    // Of an untrusted folder the path of a program is not taken: it would run at once.
    place.write('.vscode/settings.json', JSON.stringify({ 'draftTasks.server.path': place.write('evil.sh', '#!/bin/sh\ntouch "$(dirname "$0")/evil-ran"\n') }));
    fs.chmodSync(place.path('evil.sh'), 0o755);
  };
  await part(browser, version, 'restricted', vsix, prepare, { trust: true }, async (window, place, check) => {
    const { page } = window;
    await check('the language works', async () => {
      await window.openFile(FILE);
      await page.locator('.cdr.squiggly-warning').first().waitFor();
    });
    await check('nothing runs, and it says why', async () => {
      equal(await page.locator('.codelens-decoration a').count(), 0);
      await window.command('Draft Tasks: Run Phase…');
      await window.notification('nothing runs in Restricted Mode').getByText('Manage Workspace Trust').waitFor();
      await page.locator('#draft-tasks\\.draft-tasks\\.draftTasks\\.status .codicon-shield').waitFor();
      await window.picture('refused');
      await window.dismiss();
      await window.command('View: Show Testing');
      await window.expand('work');
      await window.expand('pre-up');
      const row = window.test('say hello');
      await row.waitFor();
      await row.hover();
      await row.locator('.codicon-testing-run-icon').click();
      const asked = page.locator('.monaco-dialog-box', { hasText: 'Do you trust the authors' });
      await asked.waitFor();
      await window.picture('refused-test');
      await asked.getByText('Cancel', { exact: true }).click();
      await row.locator('.codicon-testing-passed-icon').waitFor({ state: 'detached' });
      equal(fs.existsSync(place.path('evil-ran')), false);
    });
    await check('when the folder is trusted it runs', async () => {
      await page.locator('.statusbar-item:visible', { hasText: 'Restricted Mode' }).click();
      await page.locator('.workspace-trust-editor').getByText('Trust', { exact: true }).first().click();
      await window.openFile(FILE);
      await window.lens('Run cleanup').waitFor({ state: 'detached' });
      await window.lens('Run pre-up (3 tasks)').waitFor();
      equal(fs.existsSync(place.path('evil-ran')), false);
    });
  });
}

async function severalFolders(browser, version, vsix) {
  const prepare = (place) => {
    fill(place);
    for (const name of ['shop', 'bakery']) {
      place.write(`${name}/${FILE}`, `[pre-up]\n"who" = "sh -c 'echo I am in the $(basename $PWD) of the $0' $PLACE"\n`);
      place.write(`${name}/.vscode/settings.json`, JSON.stringify({ 'draftTasks.run.env': { PLACE: name } }));
    }
    place.write('all.code-workspace', JSON.stringify({ folders: [{ path: 'shop' }, { path: 'bakery' }, { path: 'new' }] }));
    // Another extension for TOML, as people have one.
    fs.cpSync(path.join(root, 'tests/editors/vscode/other-toml'), path.join(place.extensions, 'tests.other-toml-1.0.0'), { recursive: true });
  };
  const open = (place) => ({ workspace: place.path('all.code-workspace') });
  await part(browser, version, 'two roots', vsix, prepare, { open }, async (window, place, check) => {
    const { page } = window;
    await check('each file runs in its own folder, with one server', async () => {
      for (const name of ['shop', 'bakery']) {
        await window.openFile(`${name}/${FILE}`);
        await window.lens('Run pre-up (1 task)').click();
        await window.untilOutput(`I am in the ${name} of the ${name}`);
      }
      equal(processes(`${place.extensions}/draft-tasks.draft-tasks-`).length, 1);
      const status = page.locator('#draft-tasks\\.draft-tasks\\.draftTasks\\.status');
      place.write(`shop/${FILE}`, '[pre-up]\n"fails" = "false"\n');
      await window.openFile(`shop/${FILE}`);
      await window.lens('Run pre-up (1 task)').click();
      await status.locator('.codicon-error').waitFor();
      // What failed is of the other folder.
      await window.openFile(`bakery/${FILE}`);
      await until('it speaks of the bakery', async () => /bakery\s·\spre-up$/.test((await status.textContent()).trim()));
      await status.locator('.codicon-pass').waitFor();
      await window.picture('status-of-folder');
      await window.openFile(`shop/${FILE}`);
      await status.locator('.codicon-error').waitFor();
      equal(/shop/.test(await status.textContent()), true);
      await window.dismiss();
      await window.command('View: Show Testing');
      for (const name of ['shop', 'bakery']) await window.test(name).waitFor();
      await window.picture('testing');
    });
    await check('a tasks file is created from the palette, in the folder that is chosen', async () => {
      await window.command('Draft Tasks: Create .draft-tasks.toml…');
      await window.text('.quick-input-widget:visible .monaco-list-row', 'new').waitFor();
      equal(await page.locator('.quick-input-widget:visible .monaco-list-row').allInnerTexts().then((rows) => rows.some((row) => /shop|bakery/.test(row))), false);
      await window.pick('new');
      await window.text('.quick-input-widget:visible .monaco-list-row', 'The phases, with comments').waitFor();
      await window.picture('create');
      await window.pick('The example of DEP-8');
      await until('the file is there', () => place.read(`new/${FILE}`).includes('[post-deploy]'));
      await window.lens('Run pre-up (2 tasks)').waitFor();
    });
    await check('with another extension for TOML a syntax error is one problem', async () => {
      place.write('shop/other.toml', 'x = \n');
      await window.openFile('shop/other.toml');
      await window.command('Problems: Focus on Problems View');
      await window.text('.markers-panel .monaco-list-row', 'the other extension looked at this').waitFor();
      await window.openFile(`shop/${FILE}`);
      await window.goTo(1, 8);
      await page.keyboard.press('Delete');
      const problems = page.locator('.markers-panel .monaco-list-row[aria-level="2"]');
      await window.text('.markers-panel .monaco-list-row', 'syntax').waitFor();
      await window.picture('one-problem');
      const texts = await problems.allTextContents();
      equal(texts.filter((text) => text.includes('other extension')).length, 1);
      equal(texts.filter((text) => text.includes('syntax')).length, 1);
    });
  });
}

async function withoutServer(browser, version, vsix) {
  await part(browser, version, 'without a server', vsix, fill, {}, async (window, place, check) => {
    await check('says that it is missing, and offers the setting', async () => {
      await window.openFile(FILE);
      const told = window.notification('there is no server');
      await told.waitFor();
      await window.text('#status\\.editor\\.mode', 'Draft Tasks').waitFor();
      await window.picture('missing');
      await told.getByText('Open Setting').click();
      await window.text('.settings-editor .setting-item-contents', 'Server: Path').waitFor();
      await window.picture('setting');
    });
    await check('takes the one that the setting names at once', async () => {
      // Newer ones show settings over everything else.
      await window.page.keyboard.press('Escape');
      place.machine({ 'draftTasks.server.path': process.env.DRAFT_TASKS_BIN });
      await window.openFile(FILE);
      await window.lens('Run pre-up (3 tasks)').waitFor();
    });
  });
}
